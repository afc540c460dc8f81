package webhook

import (
	"context"
	"errors"

	"github.com/forestock/forestock/hub/inventory"
)

// followEvents gives the events of reservations behind a token, until the
// context ends.
func (c *courier) followEvents(ctx context.Context, token inventory.Token, steps chan<- step) error {
	if !c.endpoint.wants(inventory.EventTried.String()) && !c.wantsSome() {
		return waitFor(ctx)
	}
	for {
		feed, err := c.store.Events(token, c.endpoint.Warehouses...)
		if err == nil {
			token, err = c.pumpEvents(ctx, feed, token, steps)
		}
		if !errors.Is(err, inventory.ErrTokenTooOld) {
			return unlessOver(ctx, err)
		}
		// The endpoint was away for longer than events are kept: it is told so, and
		// then all that there is.
		lost, err := c.config.gapLetter(token)
		if err != nil {
			return err
		}
		token = c.store.OldestEvents()
		if !give(ctx, steps, step{c.events, lost, place{token: token}}) {
			return nil
		}
	}
}

// wantsSome reports whether the endpoint names single types of reservations' events.
func (c *courier) wantsSome() bool {
	for t := inventory.EventTried; t < inventory.EventKept; t++ {
		if c.endpoint.wants(t.String()) {
			return true
		}
	}
	return false
}

func (c *courier) pumpEvents(ctx context.Context, feed inventory.EventFeed, token inventory.Token, steps chan<- step) (inventory.Token, error) {
	for {
		u, err := feed(ctx)
		if err != nil {
			return token, err
		}
		token = u.Token
		s := step{lane: c.events, at: place{token: token}}
		if e := &u.Event; !u.Bookmark && c.endpoint.wants(e.Type.String()) && !e.Time.Before(c.from) {
			if s.letter, err = c.config.reservationLetter(c.teller, token.Incarnation, e); err != nil {
				return token, err
			}
		}
		if !give(ctx, steps, s) {
			return token, nil
		}
	}
}

// followLevels gives the levels that changed behind a place, and those of which
// something else is sellable, until the context ends. After another life of the
// store has begun, it gives all of them.
func (c *courier) followLevels(ctx context.Context, from place, steps chan<- step) error {
	if !c.endpoint.wants(LevelChanged) {
		return waitFor(ctx)
	}
	scope := inventory.Scope{Warehouses: c.endpoint.Warehouses}
	feed, err := c.store.Watch(from.token, scope)
	if errors.Is(err, inventory.ErrTokenTooOld) {
		from.token = inventory.Token{}
		feed, err = c.store.Watch(from.token, scope)
	}
	if err != nil {
		return err
	}
	f := &levelFollower{courier: c, levels: c.teller.Levels(from.terms, scope), token: from.token, steps: steps}
	for turned := f.levels.Turned(); ; {
		if err := f.turn(ctx); err != nil {
			return unlessOver(ctx, err)
		}
		if err := f.pump(ctx, feed, turned); err != nil {
			return unlessOver(ctx, err)
		}
		turned = f.levels.Turned() // before looking, or a turn in between is missed
	}
}

// levelFollower is what followLevels has at hand.
type levelFollower struct {
	*courier
	levels Levels
	token  inventory.Token // of the last update
	steps  chan<- step
}

// turn tells again of what is sellable on other terms.
func (f *levelFollower) turn(ctx context.Context) error {
	if err := f.levels.Turn(func(l *inventory.Level, data []byte) error { return f.tell(ctx, l, data, true) }); err != nil {
		return err
	}
	return f.pass(ctx) // so that it is not told again after a restart
}

// pump gives what the feed gives, until a warehouse may promise on other terms.
func (f *levelFollower) pump(ctx context.Context, feed inventory.Feed, turned <-chan struct{}) error {
	own, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan struct{})
	go func() {
		defer close(over)
		select {
		case <-turned:
			cancel() // the feed gives nothing away when it ends: it goes on where it was
		case <-own.Done():
		}
	}()
	defer func() { cancel(); <-over }()
	for {
		u, err := feed(own)
		if err != nil {
			if ctx.Err() == nil && own.Err() != nil {
				return nil
			}
			return err
		}
		f.token = u.Token
		if u.Bookmark {
			err = f.pass(ctx)
		} else {
			err = f.change(ctx, &u.Level)
		}
		if err != nil {
			return err
		}
	}
}

// pass says how far the feed came, with nothing to tell.
func (f *levelFollower) pass(ctx context.Context) error {
	return f.give(ctx, step{lane: f.courier.levels})
}

// change tells of a level that changed.
func (f *levelFollower) change(ctx context.Context, l *inventory.Level) error {
	data, err := f.levels.LevelJSON(l.Warehouse, l.SKU)
	if err != nil {
		return err
	}
	return f.tell(ctx, l, data, false)
}

func (f *levelFollower) tell(ctx context.Context, l *inventory.Level, data []byte, again bool) error {
	e, err := f.config.levelLetter(f.token.Incarnation, l, data, again)
	if err != nil {
		return err
	}
	return f.give(ctx, step{lane: f.courier.levels, letter: e})
}

func (f *levelFollower) give(ctx context.Context, s step) error {
	s.at = place{f.token, f.levels.Terms()}
	if !give(ctx, f.steps, s) {
		return ctx.Err()
	}
	return nil
}

// unlessOver drops an error that only says that the context ended.
func unlessOver(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

func waitFor(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func give(ctx context.Context, steps chan<- step, s step) bool {
	select {
	case steps <- s:
		return true
	case <-ctx.Done():
		return false
	}
}
