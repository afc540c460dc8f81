package ledger

import (
	"context"
	"errors"
	"strings"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// salvage adds the entries of the damaged file that follow a mark. Entries
// behind a gap cannot follow, so then it is errNoCopy.
func (r *restorer) salvage(ctx context.Context, db *bbolt.DB, at mark) (mark, error) {
	if r.old == nil {
		return at, nil
	}
	left, err := findRemains(ctx, r.old, at.seq)
	if err != nil {
		return at, err
	}
	a := adder{db: db, took: left.values[pastTook] != nil}
	end, err := left.follow(ctx, at, func(l link) error { return a.add(l.record) })
	if err == nil {
		err = a.write()
	}
	if err != nil {
		return at, err
	}
	took, err := left.took()
	if err != nil {
		return at, err
	}
	if _, more := left.resume(end.seq + 1); more || took.Last > end.seq { // half of a takeover is no levels
		return at, errNoCopy
	}
	if left.newest > end.seq {
		r.done.Missing = left.newest
	}
	r.done.Salvaged, r.done.Doubt = uint64(end.seq-at.seq), left.broken
	return end, db.Update(func(tx *bbolt.Tx) error { return putBack(tx, left) })
}

// took gives the takeover that the damaged file had, as far as it can be read.
func (r *remains) took() (taken, error) {
	var p past
	body := r.values[pastTook]
	if body == nil {
		return taken{}, nil
	}
	err := p.read(pastTook, body, "")
	return p.took, err
}

// putBack puts what the damaged file knew of its past into the new one.
func putBack(tx *bbolt.Tx, left *remains) error {
	var p past
	for _, key := range []string{pastTook, pastPredecessors} {
		if body := left.values[key]; body != nil {
			if err := p.read(key, body, ""); err != nil {
				return err
			}
		}
	}
	if !p.took.IsZero() {
		if err := putPast(tx, pastTook, p.took); err != nil {
			return err
		}
	}
	if len(p.predecessors) == 0 || len(left.known) == 0 {
		return nil
	}
	return errors.Join(putPast(tx, pastPredecessors, p.predecessors), left.known.put(tx))
}

// adder writes entries into a file, many in a transaction.
type adder struct {
	db      *bbolt.DB
	took    bool // the takeover of the ledger, if it had one, is known
	waiting []record
	size    int
}

func (a *adder) add(r record) error {
	e, err := wire.DecodeEntry(r.bytes)
	if err != nil || !a.took && e.Kind == stock.Opening && strings.HasPrefix(e.Command, takeoverPrefix) {
		return errNoCopy // levels would be taken over a second time
	}
	a.waiting = append(a.waiting, r)
	if a.size += len(r.bytes); a.size < copyBytes {
		return nil
	}
	return a.write()
}

func (a *adder) write() error {
	records := a.waiting
	a.waiting, a.size = nil, 0
	if len(records) == 0 {
		return nil
	}
	return a.db.Update(func(tx *bbolt.Tx) error { return openJournal(tx).fold(records) })
}
