package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/stock"
)

// The file has these buckets at its root. They are laid out so that the root
// stays one page: a single scan then dirties the root and the meta page only,
// see DESIGN.md.
//
//	meta       who the file belongs to, and positions; inline in the root page
//	h0 h1 h2   the newest entries, inline in the root page
//	journal    all older entries: 8-byte big-endian seq -> hash, bytes
//	state      items, orders, two checkpoints of the levels, and the ledger's past where it has one
const formatVersion = 1

var (
	bucketMeta    = []byte("meta")
	bucketHeads   = [...][]byte{[]byte("h0"), []byte("h1"), []byte("h2")}
	bucketJournal = []byte("journal")
	bucketState   = []byte("state")
	bucketItems   = []byte("items")
	bucketOrders  = []byte("orders")
	bucketLevels  = [...][]byte{[]byte("levels0"), []byte("levels1")}
)

// The keys of the meta bucket. The checkpoints have keys of their own there.
const (
	metaFormat    = "format"
	metaWarehouse = "warehouse"
	metaEpoch     = "epoch"
	metaBase      = "base"   // newest trimmed entry and the chain's hash after it
	metaStored    = "stored" // the hub's cursor
	metaDown      = "down"   // what is stored of the hub's down stream
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errNotLedger = errors.New("not a ledger file")

// putMeta stores a value with a checksum that also covers its key.
func putMeta(tx *bbolt.Tx, key string, body []byte) error {
	return tx.Bucket(bucketMeta).Put([]byte(key), sealed(key, body))
}

// getMeta gives a value, or nil where there is none.
func getMeta(tx *bbolt.Tx, key string) ([]byte, error) {
	b := tx.Bucket(bucketMeta)
	if b == nil {
		return nil, errNotLedger
	}
	v := b.Get([]byte(key))
	if v == nil {
		return nil, nil
	}
	body, ok := unsealed(key, v)
	if !ok {
		return nil, fmt.Errorf("meta value %q: checksum does not fit", key)
	}
	return body, nil
}

// checkMetaKeys refuses a key that this program never writes: a value whose key
// is damaged must not pass for one that was never written.
func checkMetaKeys(tx *bbolt.Tx) error {
	known := []string{metaFormat, metaWarehouse, metaEpoch, metaBase, metaStored, metaDown}
	for slot := range bucketLevels {
		known = append(known, checkpointKey(slot))
	}
	return tx.Bucket(bucketMeta).ForEach(func(k, _ []byte) error {
		if !slices.Contains(known, string(k)) {
			return fmt.Errorf("meta key %q: unknown", k)
		}
		return nil
	})
}

// checkStateKeys does the same for the state bucket.
func checkStateKeys(tx *bbolt.Tx) error {
	known := append([][]byte{bucketItems, bucketOrders, bucketPast, bucketKnown}, bucketLevels[:]...)
	return tx.Bucket(bucketState).ForEach(func(k, _ []byte) error {
		if !slices.ContainsFunc(known, func(name []byte) bool { return bytes.Equal(name, k) }) {
			return fmt.Errorf("state key %q: unknown", k)
		}
		return nil
	})
}

// sealed appends a CRC-32C over key and body to the body.
func sealed(key string, body []byte) []byte {
	out := make([]byte, 0, len(body)+4)
	out = append(out, body...)
	return binary.BigEndian.AppendUint32(out, seal(key, body))
}

func unsealed(key string, value []byte) (body []byte, ok bool) {
	if len(value) < 4 {
		return nil, false
	}
	body, sum := value[:len(value)-4], value[len(value)-4:]
	return body, binary.BigEndian.Uint32(sum) == seal(key, body)
}

func seal(key string, body []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte(key), castagnoli), castagnoli, body)
}

// mark is a place in the chain: an entry and the hash after it.
type mark struct {
	seq  stock.Seq
	hash stock.Hash
}

func (m mark) bytes() []byte {
	return append(seqKey(m.seq), m.hash[:]...)
}

func markFrom(b []byte) (mark, bool) {
	if len(b) != 8+len(stock.Hash{}) {
		return mark{}, false
	}
	return mark{seq: keySeq(b), hash: stock.Hash(b[8:])}, true
}

func seqKey(seq stock.Seq) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 0, 40), uint64(seq))
}

func keySeq(k []byte) stock.Seq { return stock.Seq(binary.BigEndian.Uint64(k)) }
