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

// request is one call of Apply.
type request struct {
	commands []inventory.Command
	bytes    int
	answer   chan answer // with room for one, so that nobody waits for a caller who left
}

type answer struct {
	results []inventory.Result
	err     error
}

// group is requests that share a sync.
type group struct {
	requests []*request
	results  []inventory.Result
	changes  inventory.Changes
	rows     packed        // of the levels in changes
	batch    *pebble.Batch // nil when nothing changed
	bytes    int           // length of the batch
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
	r := &request{commands: commands, bytes: bytesOf(commands), answer: make(chan answer, 1)}
	select {
	case p.requests <- r: // there is room, mostly
		return p.answer(ctx, r)
	default:
	}
	select {
	case p.requests <- r:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.stopped:
		return nil, fmt.Errorf("apply: %w", p.failure())
	}
	return p.answer(ctx, r)
}

// answer waits for the answer to a request that the writer has.
func (p *Pebble) answer(ctx context.Context, r *request) ([]inventory.Result, error) {
	select {
	case a := <-r.answer:
		return a.results, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.stopped:
	}
	select { // the last group may have been answered just before
	case a := <-r.answer:
		return a.results, a.err
	default:
		return nil, fmt.Errorf("apply: %w", p.failure())
	}
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
		var g *group
		var err error
		alarm.Reset(p.untilDue())
		select {
		case r := <-p.requests:
			g, err = p.group(r)
		case <-alarm.C:
			g = new(group)
			err = p.apply(g, nil)
		case <-p.failed:
			return
		case <-ctx.Done():
			return
		}
		if err != nil {
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

// group applies r and what waits behind it to the Book.
func (p *Pebble) group(r *request) (*group, error) {
	g := &group{requests: []*request{r}}
	commands, bytes := r.commands, r.bytes
	for more := true; more && len(commands) < groupCommands && bytes < groupBytes; {
		select {
		case r := <-p.requests:
			if len(g.requests) == 1 {
				commands = append(make([]inventory.Command, 0, groupCommands), commands...)
			}
			g.requests = append(g.requests, r)
			commands = append(commands, r.commands...)
			bytes += r.bytes
		default:
			more = false
		}
	}
	return g, p.apply(g, commands)
}

// apply gives the commands of a group to the Book, and packs what it changed.
func (p *Pebble) apply(g *group, commands []inventory.Command) (err error) {
	g.results, g.changes = p.book.Apply(p.clock.read(), commands)
	if g.changes.Empty() {
		return nil
	}
	g.batch = p.db.NewBatch()
	g.rows, err = put(g.batch, &g.changes, &p.buffers)
	g.bytes = g.batch.Len()
	return err
}

// commit syncs groups in their order, then shows them to readers, then answers.
func (p *Pebble) commit(groups <-chan *group) {
	for g := range groups {
		if err := p.sync(g); err != nil {
			p.fail(err)
			return
		}
		p.view.publish(&g.changes, g.rows)
		p.count(g)
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
