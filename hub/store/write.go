package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/forestock/forestock/hub/inventory"
)

// A group is what one sync makes durable. The bounds keep its latency that of
// a disk write rather than of a queue.
const (
	groupCommands = 512
	groupBytes    = mebibyte
)

// group is requests that share a sync.
type group struct {
	requests []*request
	commands int // of all requests
	taken    int // bytes of entries in them

	results []inventory.Result
	changes inventory.Changes
	rows    packed        // of the levels in changes
	batch   *pebble.Batch // nil when nothing changed
	bytes   int           // length of the batch
}

// Apply applies the commands in their order, in one commit, and answers once
// that is synced. It gives one result for each. Before Run it waits. An error
// means that no result is known: the context's, ErrClosed or ErrBroken. After a
// context's error or ErrBroken the commands may have been applied nevertheless.
func (p *Pebble) Apply(ctx context.Context, commands ...inventory.Command) ([]inventory.Result, error) {
	results, err := p.submit(ctx, commands)
	if err != nil {
		return nil, err
	}
	for i, r := range results {
		if _, ok := r.(inventory.Ended); !ok {
			continue
		}
		if results[i], err = p.conclude(ctx, commands[i], r); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// submit gives the commands to the writer, and waits for the Book's answers.
func (p *Pebble) submit(ctx context.Context, commands []inventory.Command) ([]inventory.Result, error) {
	r := p.requests.Get().(*request)
	r.commands, r.bytes = commands, bytesOf(commands)
	if err := p.queue.put(r); err != nil {
		return nil, err
	}
	var a answer
	if done := ctx.Done(); done == nil {
		a = <-r.answer
	} else {
		select {
		case a = <-r.answer:
		case <-done:
			r.left.Store(true)
			return nil, ctx.Err()
		}
	}
	if a.err != nil {
		return nil, a.err // and the writer may look at r still
	}
	r.commands = nil
	p.requests.Put(r)
	return a.results, nil
}

func bytesOf(commands []inventory.Command) int {
	n := 0
	for _, c := range commands {
		if in, ok := c.(*inventory.Ingest); ok {
			n += in.Bytes()
		}
	}
	return n
}

// write makes groups of whatever waits, while the group before is synced. It
// never waits for a group to fill. When nobody asks for anything, it wakes for
// the holds that end.
func (p *Pebble) write(ctx context.Context, groups chan<- *group) {
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for {
		alarm.Reset(p.untilDue())
		select {
		case <-p.queue.rung:
		case <-alarm.C:
		case <-p.failed:
			return
		case <-ctx.Done():
			return
		}
		g := p.queue.take()
		if err := p.apply(g); err != nil {
			p.fail(err)
			return
		}
		select {
		case groups <- g:
		case <-p.failed:
			return
		}
	}
}

// untilDue gives how long the Book may be left alone.
func (p *Pebble) untilDue() time.Duration {
	const longest = time.Hour // the clock may be corrected meanwhile
	due, ok := p.book.Due()
	if !ok {
		return longest
	}
	return min(longest, max(time.Millisecond, due.Sub(p.clock.read())))
}

// apply gives the commands of a group to the Book, and packs what it changed.
func (p *Pebble) apply(g *group) (err error) {
	p.commands = p.commands[:0]
	for _, r := range g.requests {
		p.commands = append(p.commands, r.commands...)
	}
	g.results, g.changes = p.book.Apply(p.clock.read(), p.commands)
	clear(p.commands)
	if g.changes.Empty() {
		return nil
	}
	g.batch = p.db.NewBatch()
	g.rows, err = put(g.batch, &g.changes, &p.buffers)
	g.bytes = g.batch.Len()
	return err
}

// commit syncs groups in their order.
func (p *Pebble) commit(groups <-chan *group, synced chan<- *group) {
	for g := range groups {
		if err := p.sync(g); err != nil {
			p.fail(err)
			return
		}
		select {
		case synced <- g:
		case <-p.failed:
			return
		}
	}
}

// show lets readers see what is synced, then answers. The next group is synced
// meanwhile.
func (p *Pebble) show(synced <-chan *group) {
	for g := range synced {
		p.view.publish(&g.changes, g.rows)
		p.count(g)
		if !p.queue.finish() {
			return
		}
		results := g.results
		for _, r := range g.requests {
			n := len(r.commands)
			r.answer <- answer{results: results[:n:n]}
			results = results[n:]
		}
	}
}

// sync makes a group durable.
//
// One goroutine commits and waits while the writer prepares the next group:
// the insertion into the memtable runs beside the Book, and the stable half of
// Pebble's API is enough.
func (p *Pebble) sync(g *group) error {
	if g.batch == nil {
		return nil // answered in its turn: it may speak of the group before
	}
	how := pebble.Sync
	if p.options.noSync || p.options.Disk.bluffs() {
		how = pebble.NoSync
	}
	if err := g.batch.Commit(how); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	select {
	case <-p.failed: // the database told its logger only
		return errors.New("commit failed")
	default:
	}
	return g.batch.Close()
}
