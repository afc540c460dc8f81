package ledger

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/stock"
)

// ScrubBytes is about how much of the journal one Scrub looks at.
const ScrubBytes = 1 << 20

// Scrubbed is what a Scrub has looked at.
type Scrubbed struct {
	To      stock.Seq // the newest entry that was looked at
	Entries uint64    // of them whole
	Done    bool      // it was the end: the next Scrub begins at 0 again
	Damages []Damage
}

// Scrub looks at the entries after one, and at the end also at the catalogue
// and the checkpoints of the levels: whether they are still what was written.
// Called again and again with what it gave, it finds what rotted before anybody
// needs it. The pass that begins after 0 begins at the oldest entry that is kept,
// and has the system read the file from the disk again. The transaction of one
// call is short. Damage is in the result; errors are ctx's only.
func (l *Ledger) Scrub(ctx context.Context, after stock.Seq) (Scrubbed, error) {
	s := Scrubbed{To: after}
	if err := ctx.Err(); err != nil {
		return s, err
	}
	if after == 0 && unmapRead(l.db, l.path) == nil {
		_ = uncache(l.path) // where that does not work, the scrub sees what the system holds
	}
	v := verifier{Ledger: &Ledger{path: l.path, db: l.db}, summed: math.MaxUint64} // adds nothing up
	s.To, s.Done = v.scrub(after)
	_ = unmapRead(l.db, l.path) // or the agent looks as large as its file
	s.Entries, s.Damages = v.report.Entries, v.report.Damages
	return s, nil
}

// scrub checks some entries, and all else at the end. A page that cannot be read
// or makes no sense ends the pass, because nobody knows where to go on.
func (v *verifier) scrub(after stock.Seq) (to stock.Seq, done bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			v.report.damage(0, 0, fmt.Sprint("a page: ", p))
			to, done = after, true
		}
	}()
	var at mark
	var records []record
	var newest stock.Seq
	err := v.db.View(func(tx *bbolt.Tx) (err error) {
		at, newest, records, err = v.portion(tx, after)
		return err
	})
	if err != nil {
		v.report.damage(0, 0, err.Error())
		return after, true
	}
	if len(records) == 0 && at.seq < newest {
		v.report.damage(at.seq+1, newest, "missing")
		at.seq = newest
	}
	for _, r := range records {
		v.follow(at, r)
		at = mark{r.seq, r.hash}
	}
	if at.seq < newest {
		return at.seq, false
	}
	if err := v.db.View(v.state); err != nil {
		v.report.damage(0, 0, err.Error())
	}
	return at.seq, true
}

// portion reads the entries that come next, and the mark before them.
func (v *verifier) portion(tx *bbolt.Tx, after stock.Seq) (at mark, newest stock.Seq, records []record, err error) {
	j, base, err := v.pager().open(tx)
	if err != nil {
		return at, 0, nil, err
	}
	newest = base.seq
	if k := j.last(); len(k) == 8 {
		newest = keySeq(k)
	}
	if at = base; after > base.seq {
		at.seq = after
		if stored := j.get(after); len(stored) >= len(at.hash) {
			at.hash = stock.Hash(stored[:len(at.hash)])
		}
	}
	return at, newest, j.copyOut(at.seq+1, math.MaxUint64, readEntries, ScrubBytes), nil
}
