package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/forestock/forestock/hub/inventory"
)

// hubClock is the time that the Book is told. It runs with the monotonic
// clock, so that setting the computer's clock neither ends a hold nor lets it
// last: where the two differ it comes nearer by at most an eighth of the time
// that passes.
type hubClock struct {
	wall func() time.Time
	last time.Time // as read, with its monotonic part
	now  time.Time // as told
}

// read gives the time.
func (c *hubClock) read() time.Time {
	at := c.wall()
	if c.last.IsZero() {
		c.last, c.now = at, at.Round(0)
		return c.now
	}
	passed := max(0, at.Sub(c.last))
	c.last, c.now = at, c.now.Add(passed)
	gap := at.Round(0).Sub(c.now)
	c.now = c.now.Add(max(-passed/8, min(passed/8, gap)))
	return c.now
}

// retireEvery is how often old events are looked for.
const retireEvery = time.Minute

// retireRows bounds how many rows of events are let go of in one commit.
const retireRows = 64

// retire lets go of events whose window is over, until the context ends.
func (p *Pebble) retire(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.failed:
			return
		case <-timer.C:
		}
		more, err := p.retireOnce(ctx, time.Now())
		switch {
		case err != nil && ctx.Err() == nil:
			p.options.Log.WarnContext(ctx, "old events stay for now", "error", err)
			timer.Reset(retireEvery)
		case more:
			timer.Reset(0)
		default:
			timer.Reset(retireEvery)
		}
	}
}

// retireOnce lets go of the oldest rows of events if their window is over, and
// reports whether there may be more.
func (p *Pebble) retireOnce(ctx context.Context, now time.Time) (more bool, err error) {
	keep := p.options.Book.Keep
	if keep == 0 {
		keep = inventory.DefaultKeep
	}
	old, err := p.oldEvents(now.Add(-keep))
	if err != nil || old.Upto == 0 {
		return false, err
	}
	_, err = p.Apply(ctx, old)
	return err == nil, err
}

// oldEvents reads the oldest rows, as far as all of their events are from
// before a time.
func (p *Pebble) oldEvents(before time.Time) (out inventory.Retire, err error) {
	told := inventory.Revision(p.view.told.Load())
	err = p.scanning(eventRow, func(it *pebble.Iterator) error {
		rows := 0
		for ok := it.First(); ok && rows < retireRows; ok = it.Next() {
			rows++
			packed, err := split(string(it.Value()))
			if err != nil {
				return err
			}
			newest, err := unpackEvent(packed[len(packed)-1])
			if err != nil {
				return err
			}
			if !newest.Time.Before(before) || newest.Reservation.Revision > told {
				break
			}
			out.Upto = newest.Reservation.Revision
			for _, one := range packed {
				id, _ := headOf(one)
				out.IDs = append(out.IDs, inventory.SumOf(id))
			}
		}
		return it.Error()
	})
	return out, err
}

// record is an event, packed, and what it is of.
type record struct {
	sum      inventory.Sum
	revision inventory.Revision
	row      string
}

// readEvents gives all events, newest first.
func (p *Pebble) readEvents(out chan<- []record) error {
	return p.scanning(eventRow, func(it *pebble.Iterator) error {
		for ok := it.Last(); ok; ok = it.Prev() {
			packed, err := split(string(it.Value()))
			if err != nil {
				return err
			}
			records := make([]record, 0, len(packed))
			for _, one := range slices.Backward(packed) {
				id, revision := headOf(one)
				records = append(records, record{inventory.SumOf(id), revision, one})
			}
			out <- records
		}
		return it.Error()
	})
}

// loadRecords gives the Book those that no newer one replaces.
func (p *Pebble) loadRecords(records []record) error {
	var rows inventory.Changes
	for _, r := range records {
		if p.book.Superseded(r.sum, r.revision) {
			continue
		}
		e, err := unpackRecord(r.row)
		if err != nil {
			return err
		}
		rows.Events = append(rows.Events, e)
	}
	p.book.Load(&rows)
	return nil
}

// loadEvents reads the records back, newest first: of each reservation only
// the newest counts.
func (p *Pebble) loadEvents() error {
	if err := relay(p.readEvents, p.loadRecords); err != nil {
		return err
	}
	retired, err := p.number(retiredKey)
	if err != nil && !errors.Is(err, pebble.ErrNotFound) {
		return err
	}
	p.view.retired.Store(retired)
	shown := p.book.Shown()
	p.view.publish(&shown, packed{})
	p.view.told.Store(uint64(p.book.Revision()))
	return nil
}
