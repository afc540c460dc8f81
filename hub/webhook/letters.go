package webhook

import (
	"context"
	"fmt"
	"time"
)

const (
	// maxParked bounds the letters of an endpoint that wait on disk for their turn;
	// the lanes stand still while there are more.
	maxParked = 4096
	// stuckAfter is how often an event has to fail, while others are taken, for
	// its key to count as stuck.
	stuckAfter = 3
)

// load reads how far the endpoint was told.
func (c *courier) load(_ context.Context) error {
	saved, _, err := read[progress](c.store, progressRows+c.endpoint.ID)
	if err != nil {
		return err
	}
	c.saved, c.from = saved, saved.From
	events, err := parsePlace(saved.Events)
	if err != nil {
		return err
	}
	levels, err := parsePlace(saved.Levels)
	if err != nil {
		return err
	}
	c.events = newLane(events, c.config.Window, 0)
	c.levels = newLane(levels, c.config.Window, c.config.Coalesce)
	c.parked = newLane(place{}, maxParked, 0)
	keys, letters, err := list[letter](c.store, parkedRows+c.endpoint.ID+"/", "", 2*maxParked)
	if err != nil {
		return err
	}
	for i := range letters {
		c.hang(keys[i], &letters[i], time.Time{})
	}
	c.dead, err = count(c.store, deadRows+c.endpoint.ID+"/")
	return err
}

// hang lets a letter that is on disk wait for its turn.
func (c *courier) hang(row string, e *letter, next time.Time) {
	light := *e
	light.Body = nil
	it := c.parked.add(&light, place{}, time.Time{})
	it.row, it.next = row, next
}

// tidy puts aside what must not wait in memory, and gives up what is too old.
func (c *courier) tidy(ctx context.Context, now time.Time) error {
	for _, l := range [...]*lane{c.events, c.levels} {
		if l.waiting >= l.limit/2 {
			if err := c.park(ctx, l); err != nil {
				return err
			}
		}
	}
	if now.Before(c.tidyAt) {
		return nil
	}
	c.tidyAt = now.Add(c.tidyEvery())
	for _, l := range [...]*lane{c.parked, c.events, c.levels} {
		if err := c.bury(ctx, l, now); err != nil {
			return err
		}
	}
	if c.dead >= c.config.MaxDead {
		return fmt.Errorf("%w: %d dead letters", errSwitchedOff, c.dead)
	}
	return nil
}

func (c *courier) tidyEvery() time.Duration {
	return min(time.Second, max(5*time.Millisecond, c.config.GiveUp/50))
}

// park writes the events of stuck keys to disk, so that the rest of the lane
// can go on. Of a lane of which nothing is taken it is the oldest key alone, and
// only while the disk has few: a key that is not stuck may be behind it.
func (c *courier) park(ctx context.Context, l *lane) error {
	rows := make(map[string][]byte)
	var moved []*item
	held := c.heldFor(l)
	for _, it := range l.window {
		if !l.head(it) {
			continue
		}
		probe := l.full() && len(moved) == 0 && c.parked.waiting < maxParked/2
		stuck := it.Attempts >= stuckAfter && (c.won > it.won || probe)
		if !stuck && !held(it.Key) {
			continue
		}
		queue := l.queues[it.Key]
		if c.parked.waiting+len(moved)+len(queue) > maxParked {
			break
		}
		moved = append(moved, queue...)
	}
	for _, it := range moved {
		it.row = c.newRow(parkedRows)
		if err := put(rows, it.row, it.letter); err != nil {
			return err
		}
	}
	if len(moved) == 0 {
		return nil
	}
	if err := c.save(ctx, rows); err != nil {
		return err
	}
	for _, it := range moved {
		c.hang(it.row, it.letter, it.next)
		l.finish(it)
	}
	return nil
}

// bury makes dead letters of what is too old.
func (c *courier) bury(ctx context.Context, l *lane, now time.Time) error {
	const atOnce = 256
	rows := make(map[string][]byte)
	var buried []*item
	down := c.down()
	for _, it := range l.window {
		if it.done || it.busy || now.Sub(it.Since) < c.config.GiveUp || len(buried) == atOnce {
			continue
		}
		// What was never tried is not given up, unless nothing was taken since it happened.
		if it.Attempts == 0 && (!down || c.lastWin.After(it.Since)) {
			continue
		}
		e := it.letter
		if it.row != "" {
			whole, ok, err := read[letter](c.store, it.row)
			if err != nil {
				return err
			}
			if !ok {
				whole = *it.letter
			}
			whole.Attempts, whole.Error = it.Attempts, it.Error
			e, rows[it.row] = &whole, nil
		}
		if err := put(rows, c.newRow(deadRows), e); err != nil {
			return err
		}
		buried = append(buried, it)
	}
	if len(buried) == 0 {
		return nil
	}
	if err := c.save(ctx, rows); err != nil {
		return err
	}
	for _, it := range buried {
		l.finish(it)
	}
	c.dead += len(buried)
	c.metrics.dead.WithLabelValues(c.endpoint.ID).Add(float64(len(buried)))
	c.log.WarnContext(ctx, "events were given up", "webhook", c.endpoint.ID, "events", len(buried), "dead", c.dead, "error", c.lastErr)
	return nil
}

// newRow names a letter behind all others.
func (c *courier) newRow(kind string) string {
	c.newest = max(c.newest+1, time.Now().UnixNano())
	return fmt.Sprintf("%s%s/%020d", kind, c.endpoint.ID, c.newest)
}

// saveProgress writes how far the endpoint was told. A letter that was delivered
// leaves with it: until then it would be told again, never lost.
func (c *courier) saveProgress(ctx context.Context) error {
	next := c.saved
	next.Events, next.Levels = c.events.base.String(), c.levels.base.String()
	if !c.moved() {
		return nil
	}
	rows := make(map[string][]byte)
	for _, row := range c.gone {
		rows[row] = nil
	}
	if err := put(rows, progressRows+c.endpoint.ID, next); err != nil {
		return err
	}
	if err := c.save(ctx, rows); err != nil {
		return err
	}
	c.saved, c.gone = next, nil
	return nil
}
