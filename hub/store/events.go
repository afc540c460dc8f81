package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// Events gives every event of reservations that follows a token, each once, in
// their order, and waits for more. The zero token begins with what happens from
// now on. Without warehouses it tells of all. However slow the reader is,
// nobody waits for it.
//
// The error wraps inventory.ErrTokenTooOld when the token is of another life of
// the store, or what followed it was let go of.
func (p *Pebble) Events(since inventory.Token, warehouses ...stock.Warehouse) (inventory.EventFeed, error) {
	told := inventory.Revision(p.view.told.Load())
	f := &eventFeed{store: p, token: since, warehouses: slices.Sorted(slices.Values(warehouses))}
	switch {
	case since == (inventory.Token{}):
		f.token = inventory.Token{Incarnation: p.incarnation, Revision: told}
	case since.Incarnation != p.incarnation || since.Revision > told || since.Revision < p.oldest():
		return nil, tooOld(since)
	}
	return f.next, nil
}

func tooOld(t inventory.Token) error {
	return fmt.Errorf("events from %s: %w: list the reservations, then follow events without a token", t, inventory.ErrTokenTooOld)
}

// OldestEvents gives the token from which all events that are still kept follow.
func (p *Pebble) OldestEvents() inventory.Token {
	return inventory.Token{Incarnation: p.incarnation, Revision: p.oldest()}
}

// oldest gives the revision after which no event was let go of.
func (p *Pebble) oldest() inventory.Revision { return inventory.Revision(p.view.retired.Load()) }

// eventFeed is one follower of events. It belongs to one goroutine.
type eventFeed struct {
	store      *Pebble
	warehouses []stock.Warehouse // sorted; empty is all
	token      inventory.Token   // everything up to it has been given
	queue      []inventory.Event // what to give next
	until      inventory.Revision
	marked     bool // a bookmark was given since the last event
}

func (f *eventFeed) next(ctx context.Context) (inventory.EventUpdate, error) {
	for {
		if err := ctx.Err(); err != nil {
			return inventory.EventUpdate{}, err
		}
		if len(f.queue) > 0 {
			return f.give(), nil
		}
		changed := f.store.view.happened.wait() // before looking, or the change in between is missed
		more, err := f.look()
		if err != nil {
			return inventory.EventUpdate{}, err
		}
		if more {
			continue
		}
		if !f.marked {
			f.marked = true
			return inventory.EventUpdate{Token: f.token, Bookmark: true}, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
		case <-f.store.stopped:
			return inventory.EventUpdate{}, f.store.failure()
		}
	}
}

func (f *eventFeed) give() inventory.EventUpdate {
	e := f.queue[0]
	f.queue = f.queue[1:]
	f.token.Revision = e.Reservation.Revision
	if len(f.queue) == 0 {
		f.queue, f.token.Revision = nil, f.until
	}
	f.marked = false
	return inventory.EventUpdate{Event: e, Token: f.token}
}

// look reads the next row of events, and reports whether there was one.
func (f *eventFeed) look() (more bool, err error) {
	told := inventory.Revision(f.store.view.told.Load())
	if f.token.Revision >= told {
		return false, nil
	}
	if f.token.Revision < f.store.oldest() {
		return false, tooOld(f.token)
	}
	err = f.store.scanning(eventRow, func(it *pebble.Iterator) error {
		// The row that the token is in may have more behind it.
		ok := it.SeekLT(eventKey(nil, f.token.Revision+1)) || it.First()
		for ; ok && !more; ok = it.Next() {
			if revisionOfKey(it.Key()) > told {
				break
			}
			if more, err = f.read(string(it.Value()), told); err != nil {
				return err
			}
		}
		return it.Error()
	})
	if err == nil && f.token.Revision < f.store.oldest() {
		return false, tooOld(f.token) // it was let go of while it was read
	}
	if !more {
		f.token.Revision = max(f.token.Revision, told)
	}
	return more, err
}

// read queues the events of a row that follow the token, and reports whether
// there were any.
func (f *eventFeed) read(row string, told inventory.Revision) (bool, error) {
	packed, err := split(row)
	if err != nil {
		return false, err
	}
	found := false
	for _, one := range packed {
		if _, r := headOf(one); r <= f.token.Revision || r > told {
			continue
		}
		e, err := unpackEvent(one)
		if err != nil {
			return false, err
		}
		found, f.until = true, e.Reservation.Revision
		if e.Type != inventory.EventKept && has(f.warehouses, e.Reservation.Warehouse) {
			f.queue = append(f.queue, e)
		}
	}
	if found && len(f.queue) == 0 {
		f.token.Revision = f.until
	}
	return found, nil
}
