package ledger

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/wire"
)

// known is the ids of commands that predecessors booked. Who repeats one of them
// must not book it again: what it did comes with the levels that are taken over,
// or is brought as it was. They are written when the ledger is made, and once
// more with those that a takeover tells.
type known map[commandKey]struct{}

var bucketKnown = []byte("known")

// keysPerChunk fills about a page.
const keysPerChunk = 200

func (k known) put(tx *bbolt.Tx) error {
	b, err := tx.Bucket(bucketState).CreateBucketIfNotExists(bucketKnown)
	if err != nil {
		return err
	}
	b.FillPercent = 1
	var body []byte
	n := uint32(0)
	write := func() error {
		key := binary.BigEndian.AppendUint32(nil, n)
		n++
		err := b.Put(key, sealed(string(key), body))
		body = nil
		return err
	}
	for key := range k {
		if body = append(body, key[:]...); len(body) == keysPerChunk*len(key) {
			if err := write(); err != nil {
				return err
			}
		}
	}
	return write() // the last one is never full: so a missing one is noticed
}

func loadKnown(tx *bbolt.Tx) (known, error) {
	b := tx.Bucket(bucketState).Bucket(bucketKnown)
	if b == nil {
		return nil, nil
	}
	k := make(known)
	n, left := uint32(0), 0
	err := b.ForEach(func(key, v []byte) error {
		body, ok := unsealed(string(key), v)
		if !ok || len(key) != 4 || binary.BigEndian.Uint32(key) != n || n > 0 && left != keysPerChunk {
			return fmt.Errorf("known commands: part %d is damaged", n)
		}
		n, left = n+1, len(body)/len(commandKey{})
		k.add(body)
		return nil
	})
	if err == nil && left == keysPerChunk {
		err = fmt.Errorf("known commands: part %d is missing", n)
	}
	return k, err
}

// add takes up ids as they are written.
func (k known) add(body []byte) {
	for ; len(body) >= len(commandKey{}); body = body[len(commandKey{}):] {
		k[commandKey(body)] = struct{}{}
	}
}

// addEntry takes up the command of an entry. What nobody can read nobody can
// have asked for.
func (k known) addEntry(b []byte) {
	if e, err := wire.DecodeEntry(b); err == nil {
		k[keyOf(e.Command)] = struct{}{}
	}
}
