package ledger

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Report is what Verify found.
type Report struct {
	Path      string
	Warehouse stock.Warehouse
	Position  stock.Position
	Stored    stock.Seq // the hub's cursor
	Entries   uint64    // entries that are kept and whole
	Levels    bool      // the levels could be added up; else the next three are 0
	SKUs      int
	Cells     int    // cells that are not zero
	Digest    uint64 // root of the digest of all levels
	Items     int    // of the catalogue
	// Checkpoints are the entries that checkpoints of the levels are as of.
	Checkpoints []stock.Seq
	// Torn means that one of the two meta pages is not valid: the power failed
	// during the last commit, or that commit is lost.
	Torn    bool
	Damages []Damage
}

// Damage is a place where the file is not what was written.
type Damage struct {
	From, To stock.Seq // the entries; 0 where the damage is elsewhere
	What     string
}

// maxDamages bounds a report: after so many the rest is not worth listing.
const maxDamages = 1000

// OK reports whether the file is whole.
func (r *Report) OK() bool { return len(r.Damages) == 0 }

func (r *Report) damage(from, to stock.Seq, what string) {
	if len(r.Damages) < maxDamages {
		r.Damages = append(r.Damages, Damage{from, to, what})
	}
}

// Verify walks a ledger file that no agent has open: every page, every hash,
// every entry, the levels added up and compared with the checkpoints, every item.
// It changes nothing. progress, which may be nil, hears from time to time of the
// entry that was reached and the newest. Damage is in the report; an error says
// that the file could not be looked at: ErrLocked, ErrDamaged, ctx's, or the
// file system's.
func Verify(ctx context.Context, path string, progress func(done, newest stock.Seq)) (Report, error) {
	v, err := verify(ctx, path, progress)
	return v.report, err
}

func verify(ctx context.Context, path string, progress func(done, newest stock.Seq)) (v *verifier, err error) {
	v = &verifier{Ledger: &Ledger{path: path}, report: Report{Path: path}, progress: progress}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // a page that cannot be read is an error, not the end
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(err, &DamagedError{Path: path, What: fmt.Sprint(p)})
		}
	}()
	v.db, v.report.Torn, err = openReading(path)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, v.db.Close()) }()
	if err := v.db.View(v.state); err != nil {
		return v, v.explain(err)
	}
	return v, v.walk(ctx)
}

type verifier struct {
	*Ledger
	report      Report
	progress    func(done, newest stock.Seq)
	checkpoints map[stock.Seq]saved
	sheet       stock.Sheet // the levels as of summed
	summed      stock.Seq
}

type saved struct {
	checkpoint
	sheet stock.Sheet
}

// state reads everything but the entries.
func (v *verifier) state(tx *bbolt.Tx) error {
	if err := v.loadIdentity(tx); err != nil {
		return err
	}
	if err := v.view.loadPositions(tx); err != nil {
		return err
	}
	r := &v.report
	r.Warehouse, r.Stored = v.warehouse, v.view.stored
	if err := v.view.catalogue.load(tx); err != nil {
		r.damage(0, 0, err.Error())
	}
	if err := v.view.orders.load(tx); err != nil {
		r.damage(0, 0, err.Error())
	}
	r.Items = len(v.view.catalogue.items)
	if err := v.view.past.load(tx, filepath.Dir(v.path)); err != nil {
		r.damage(0, 0, err.Error())
	}
	if _, err := loadKnown(tx); err != nil {
		r.damage(0, 0, err.Error())
	}
	v.checkpoints = make(map[stock.Seq]saved)
	for slot := range bucketLevels {
		c, sheet, err := readCheckpoint(tx, slot)
		switch {
		case err == nil:
			r.Checkpoints = append(r.Checkpoints, c.seq)
			v.checkpoints[c.seq] = saved{c, sheet}
		case !errors.Is(err, errNoCheckpoint):
			r.damage(0, 0, err.Error())
		}
	}
	return nil
}

// walk follows the chain over all entries that are kept.
func (v *verifier) walk(ctx context.Context) error {
	newest, err := v.pager().newest()
	if err != nil {
		return err
	}
	at := v.view.base
	v.compare(at)
	for at.seq < newest {
		if err := ctx.Err(); err != nil {
			return err
		}
		records, err := v.pager().copyOut(at.seq+1, newest)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			v.report.damage(at.seq+1, newest, "missing")
			break
		}
		for _, r := range records {
			v.follow(at, r)
			at = mark{r.seq, r.hash}
			v.compare(at)
		}
		if v.progress != nil {
			v.progress(at.seq, newest)
		}
	}
	v.conclude(at)
	return nil
}

// follow checks a record against the one before it, and adds it up. After a
// damage the chain goes on with the hash as stored, and the levels with the
// next checkpoint.
func (v *verifier) follow(at mark, r record) {
	if r.seq != at.seq+1 {
		v.report.damage(at.seq+1, r.seq-1, "missing")
		return
	}
	if at.hash.Next(r.bytes) != r.hash {
		v.report.damage(r.seq, r.seq, "hash does not fit")
		return
	}
	e, err := wire.DecodeEntry(r.bytes)
	if err != nil || e.Seq != r.seq {
		v.report.damage(r.seq, r.seq, fmt.Sprintf("not the entry that it should be: %v", err))
		return
	}
	v.report.Entries++
	if v.summed+1 == r.seq {
		v.sheet.Apply(&e.Movement)
		v.summed = r.seq
	}
}

// compare holds what was added up against a checkpoint that is as of the same
// entry, or begins with the checkpoint when nothing could be added up so far.
func (v *verifier) compare(at mark) {
	c, ok := v.checkpoints[at.seq]
	if !ok {
		return
	}
	if c.hash != at.hash {
		v.report.damage(at.seq, at.seq, "the checkpoint has another hash")
	}
	if v.summed != at.seq {
		v.sheet, v.summed = c.sheet, at.seq
	} else if d := v.sheet.Digest(); d.Root() != c.digest {
		v.report.damage(at.seq, at.seq, "the checkpoint has other levels")
	}
}

func (v *verifier) conclude(at mark) {
	r := &v.report
	r.Position = stock.Position{Epoch: v.epoch, First: v.view.base.seq + 1, Last: at.seq, Head: at.hash}
	if r.Levels = v.summed == at.seq; !r.Levels {
		return
	}
	r.Cells = v.sheet.Cells()
	d := v.sheet.Digest()
	r.Digest = d.Root()
	for range v.sheet.SKUs() {
		r.SKUs++
	}
}
