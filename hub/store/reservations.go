package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/cockroachdb/pebble/v2"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// errGone says that an event was let go of.
var errGone = errors.New("no event of this revision")

// conclude finishes what the Book could not answer alone: the record is on disk.
func (p *Pebble) conclude(ctx context.Context, c inventory.Command, r inventory.Result) (inventory.Result, error) {
	for {
		ended, ok := r.(inventory.Ended)
		if !ok {
			return r, nil
		}
		e, err := p.event(ended.Revision)
		switch {
		case errors.Is(err, errGone): // its time was over just now
		case err != nil:
			return nil, fmt.Errorf("reservation %s: %w", ended.ID, err)
		case !ended.Retry:
			return inventory.Reserved{Reservation: e.Reservation, Replayed: true}, nil
		default:
			c = withPast(c, e.Reservation)
		}
		results, err := p.submit(ctx, []inventory.Command{c})
		if err != nil {
			return nil, err
		}
		r = results[0]
	}
}

// withPast hands a command the record that it needs.
func withPast(c inventory.Command, past *inventory.Reservation) inventory.Command {
	switch c := c.(type) {
	case inventory.Confirm:
		c.Past = past
		return c
	case inventory.Cancel:
		c.Past = past
		return c
	}
	return c
}

// event reads the event of a revision that is durable.
func (p *Pebble) event(r inventory.Revision) (e inventory.Event, err error) {
	err = p.scanning(eventRow, func(it *pebble.Iterator) error {
		if !it.SeekLT(eventKey(nil, r+1)) {
			return errors.Join(it.Error(), errGone)
		}
		packed, err := split(string(it.Value()))
		if err != nil {
			return err
		}
		for _, row := range packed {
			if _, revision := headOf(row); revision == r {
				e, err = unpackEvent(row)
				return err
			}
		}
		return errGone
	})
	return e, err
}

// scanning gives f an iterator over all rows of one kind.
func (p *Pebble) scanning(kind byte, f func(*pebble.Iterator) error) error {
	p.life.RLock()
	defer p.life.RUnlock()
	if p.closed {
		return ErrClosed
	}
	it, err := p.db.NewIter(&pebble.IterOptions{LowerBound: []byte{kind}, UpperBound: []byte{kind + 1}})
	if err != nil {
		return err
	}
	return errors.Join(f(it), it.Close())
}

// Reservation gives a reservation as of the newest change that is durable, if
// the id was ever used and is still remembered.
func (p *Pebble) Reservation(ctx context.Context, id stock.OrderID) (*inventory.Reservation, bool, error) {
	results, err := p.Apply(ctx, inventory.Look{ID: id})
	if err != nil {
		return nil, false, err
	}
	found, ok := results[0].(inventory.Reserved)
	return found.Reservation, ok, nil
}

// listingRows bounds how many rows of events one call of Reservations reads.
const listingRows = 512

// Reservations lists reservations, newest change first, from before a cursor:
// up to n, and fewer where it had to look through much for little. It goes on
// while next is not empty.
func (p *Pebble) Reservations(ctx context.Context, of inventory.ReservationFilter, before inventory.Cursor, n int) (_ []*inventory.Reservation, next inventory.Cursor, _ error) {
	upto, err := p.revisionBefore(before)
	if err != nil {
		return nil, "", err
	}
	search := p.recent
	if of.Ref != "" {
		search = p.byRef
	}
	var out []*inventory.Reservation
	for len(out) < n {
		found, left, err := search(of, upto, n-len(out))
		if err == nil {
			found, err = p.current(ctx, of, found)
		}
		if err != nil {
			return nil, "", fmt.Errorf("list reservations: %w", err)
		}
		out, upto = append(out, found...), left
		if left == 0 || len(found) == 0 {
			break
		}
	}
	if upto > 1 {
		next = revisionCursor(upto)
	}
	return out, next, nil
}

// recent looks for events that fit, backwards from before a revision, and says
// where to go on; 0 at the end.
func (p *Pebble) recent(of inventory.ReservationFilter, before inventory.Revision, n int) (out []*inventory.Reservation, left inventory.Revision, err error) {
	err = p.scanning(eventRow, func(it *pebble.Iterator) error {
		rows := 0
		for ok := it.SeekLT(eventKey(nil, before)); ok; ok = it.Prev() {
			if rows++; rows > listingRows {
				left = revisionOfKey(it.Key()) + 1
				return nil
			}
			packed, err := split(string(it.Value()))
			if err != nil {
				return err
			}
			for _, row := range slices.Backward(packed) {
				e, err := unpackEvent(row)
				if err != nil {
					return err
				}
				r := e.Reservation
				if r.Revision >= before || !of.Admits(r) {
					continue
				}
				if out = append(out, r); len(out) == n {
					left = r.Revision
					return nil
				}
			}
		}
		return it.Error()
	})
	return out, left, err
}

// byRef looks for the reservations of an order number, by the rows of hashes.
func (p *Pebble) byRef(of inventory.ReservationFilter, before inventory.Revision, n int) (out []*inventory.Reservation, left inventory.Revision, err error) {
	want, hits := refHash(of.Ref), []inventory.Revision(nil)
	err = p.scanning(refRow, func(it *pebble.Iterator) error {
		for ok := it.SeekLT(refKey(nil, before)); ok && len(hits) < n; ok = it.Prev() {
			left = revisionOfKey(it.Key())
			hits = append(hits, refsOf(string(it.Value()), left, want)...)
		}
		if !it.Valid() {
			left = 0
		}
		return it.Error()
	})
	for _, hit := range hits {
		e, err2 := p.event(hit)
		if errors.Is(err2, errGone) {
			continue
		}
		if err2 != nil {
			return nil, 0, err2
		}
		if e.Reservation.Ref == of.Ref {
			out = append(out, e.Reservation)
		}
	}
	return out, left, err
}

// refsOf gives the revisions that a row of hashes has for one, newest first.
func refsOf(row string, first inventory.Revision, want uint32) []inventory.Revision {
	u := unpacker{s: row}
	var out []inventory.Revision
	for u.s != "" && u.err == nil {
		var hash [4]byte
		u.fixed(hash[:])
		if after := u.uint(); binary.BigEndian.Uint32(hash[:]) == want && u.err == nil {
			out = append(out, first+inventory.Revision(after))
		}
	}
	slices.Reverse(out)
	return out
}

// current keeps those that have not changed since; by order number, where the
// newest change says what counts, it gives each as it is now.
func (p *Pebble) current(ctx context.Context, of inventory.ReservationFilter, found []*inventory.Reservation) ([]*inventory.Reservation, error) {
	if len(found) == 0 {
		return nil, nil
	}
	looks := make([]inventory.Command, len(found))
	for i, r := range found {
		looks[i] = inventory.Look{ID: r.ID}
	}
	results, err := p.submit(ctx, looks)
	if err != nil {
		return nil, err
	}
	var out []*inventory.Reservation
	for i, r := range found {
		newest, ok := revisionIn(results[i])
		if ok && newest != r.Revision && of.Ref != "" {
			if result, err := p.conclude(ctx, looks[i], results[i]); err != nil {
				return nil, err
			} else if now, ok := result.(inventory.Reserved); ok && of.Admits(now.Reservation) {
				out = append(out, now.Reservation)
			}
			continue
		}
		if ok && newest == r.Revision && of.Admits(r) {
			out = append(out, r)
		}
	}
	return out, nil
}

func revisionIn(r inventory.Result) (inventory.Revision, bool) {
	switch r := r.(type) {
	case inventory.Reserved:
		return r.Reservation.Revision, true
	case inventory.Ended:
		return r.Revision, true
	}
	return 0, false
}

// revisionCursor gives the cursor of a listing that goes on before a revision.
func revisionCursor(r inventory.Revision) inventory.Cursor {
	return inventory.Cursor(strconv.FormatUint(uint64(r), 10))
}

// revisionBefore reads it back. The empty cursor begins at the newest change
// that is durable.
func (p *Pebble) revisionBefore(c inventory.Cursor) (inventory.Revision, error) {
	if c == "" {
		return inventory.Revision(p.view.told.Load()) + 1, nil
	}
	n, err := strconv.ParseUint(string(c), 10, 64)
	if err != nil || revisionCursor(inventory.Revision(n)) != c {
		return 0, fmt.Errorf("cursor %.40q: %w", string(c), inventory.ErrCursor)
	}
	return min(inventory.Revision(n), inventory.Revision(p.view.told.Load())+1), nil
}
