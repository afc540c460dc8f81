package ledger

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/stock"
)

// RebirthOptions say how a ledger is made in place of another.
type RebirthOptions struct {
	Options
	Why string // for people: why the old one cannot go on
}

// Reborn is what a rebirth made.
type Reborn struct {
	SetAside     string      // the old file
	Epoch        stock.Epoch // of the new ledger
	Predecessors []PredecessorInfo
}

// Rebirth sets the ledger at path aside and makes an empty one of a new epoch in
// its place, which knows the old one as its predecessor. The old file is kept
// under another name in the folder set-aside and never changed; a process that is
// killed meanwhile leaves the old or the new ledger at path. The levels come when
// the new ledger takes them over (TakeOver), and with them what the old one
// booked and the hub never got.
//
// No process may have the ledger open. It may be damaged. Errors: ErrLocked,
// ErrWarehouse, fs.ErrNotExist, ctx's, the file system's.
func Rebirth(ctx context.Context, path string, o RebirthOptions) (Reborn, error) {
	born, err := rebirth(ctx, path, o)
	if err != nil {
		return Reborn{}, fmt.Errorf("make a ledger in place of %s: %w", path, err)
	}
	return born, nil
}

func rebirth(ctx context.Context, path string, o RebirthOptions) (born Reborn, err error) {
	o.Options = o.withDefaults()
	s, err := succeed(path)
	if err != nil {
		return born, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	old, err := describe(ctx, s, o)
	if err != nil {
		return born, err
	}
	if o.Warehouse = cmp.Or(o.Warehouse, old.warehouse); o.Warehouse != cmp.Or(old.warehouse, o.Warehouse) {
		return born, fmt.Errorf("%w: %s is of %q, not of %q", ErrWarehouse, path, old.warehouse, o.Warehouse)
	}
	if err := s.begin(hex.EncodeToString(old.info.Position.Epoch[:4]), old.info.SetAside); err != nil {
		return born, err
	}
	return s.bear(old, o, nil)
}

// described is what a successor needs to know of a ledger.
type described struct {
	warehouse stock.Warehouse
	info      PredecessorInfo
	line      []PredecessorInfo // its own predecessors that still matter
	known     known
	remains   *remains
	orders    orders // with all that was done of them
	doubt     bool   // pages are lost, and nobody knows what stood there
}

// describe reads what is left of the old file: twice, because only the tree tells
// where its end is, and there is room in memory for the newest entries only.
func describe(ctx context.Context, s *succession, o RebirthOptions) (*described, error) {
	r, err := findRemains(ctx, s.old, maxSeq)
	if err != nil {
		return nil, err
	}
	window := r.newest - min(r.newest, stock.Seq(o.CommandWindow))
	tasks := r.tasks()
	from := min(tasks.from(window), r.stored())
	if r, err = findRemains(ctx, s.old, from); err != nil {
		return nil, err
	}
	old := &described{warehouse: r.warehouse(), known: r.known, remains: r, orders: tasks, doubt: r.broken, info: PredecessorInfo{
		Position: stock.Position{Epoch: r.epoch(), First: 1}, Stored: r.stored(), SetAside: time.Now(), Why: o.Why,
	}}
	err = old.measure(ctx, r, from, window)
	if err := errors.Join(err, old.pastOf(r)); err != nil {
		return nil, err
	}
	return old, nil
}

// measure goes along the entries from a number on that are whole, and remembers
// the commands of those in the window.
func (d *described) measure(ctx context.Context, r *remains, from, window stock.Seq) error {
	p := &d.info.Position
	if base, ok := r.base(); ok {
		p.First, p.Last, p.Head = base.seq+1, base.seq, base.hash
	}
	unsent := max(d.info.Stored, p.Last)
	whole := uint64(0)
	if at, ok := r.start(from); ok {
		err := r.whole(ctx, at, func(l link) error {
			if l.record.seq > window {
				d.known.addEntry(l.bytes)
			}
			d.orders.replayRaw(l.bytes)
			if l.record.seq > unsent {
				whole++
			}
			p.Last, p.Head = l.record.seq, l.hash
			return nil
		})
		if err != nil {
			return err
		}
	}
	if end := max(p.Last, r.newest); end > unsent {
		d.info.Lost = uint64(end-unsent) - whole
	}
	if d.info.Orders = r.hubSideWhole() && d.info.Lost == 0; !d.info.Orders {
		d.orders = nil // what was picked is in doubt: the hub knows better
	}
	return nil
}

// pastOf takes over what the old ledger knew of its own predecessors: once the
// hub has stored something of a ledger, it has what came before it.
func (d *described) pastOf(r *remains) error {
	var p past
	for _, key := range []string{pastTook, pastPredecessors} {
		if body := r.values[key]; body != nil {
			if err := p.read(key, body, ""); err != nil {
				return err
			}
		}
	}
	if d.info.Took = p.took.Takeover; !p.took.IsZero() {
		d.info.TookFrom = p.took.First
	}
	if d.info.Stored == 0 {
		d.line = p.predecessors
	}
	return nil
}

// bear makes the new ledger and puts it in the old one's place.
func (s *succession) bear(old *described, o RebirthOptions, restored *Restored) (Reborn, error) {
	if _, err := stock.ParseWarehouse(string(o.Warehouse)); err != nil {
		return Reborn{}, fmt.Errorf("%w: the old file does not tell whose it was, so name the warehouse", err)
	}
	old.info.Path = s.setAside()
	// Also an empty one: the hub may know it, and have what came before it.
	line := append(slices.Clip(old.line), old.info)
	tasks, err := old.orders.anew()
	if err != nil {
		return Reborn{}, err
	}
	err = writeNew(s.temp, o.Options, func(tx *bbolt.Tx) error {
		if err := old.remains.inherit(tx, tasks, old.info.Orders); err != nil {
			return err
		}
		if restored != nil {
			if err := putPast(tx, pastRestored, restored); err != nil {
				return err
			}
		}
		return errors.Join(putPast(tx, pastPredecessors, line), old.known.put(tx))
	})
	if err != nil {
		return Reborn{}, err
	}
	epoch, err := epochOf(s.temp)
	if err != nil {
		return Reborn{}, err
	}
	return Reborn{SetAside: s.setAside(), Epoch: epoch, Predecessors: line}, s.finish()
}

// epochOf reads the new file back.
func epochOf(path string) (e stock.Epoch, err error) {
	db, _, err := openReading(path)
	if err != nil {
		return e, err
	}
	l := Ledger{path: path, db: db}
	err = errors.Join(db.View(l.loadIdentity), db.Close())
	return l.epoch, err
}
