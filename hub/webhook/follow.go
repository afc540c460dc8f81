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
		if !give(ctx, steps, step{c.events, lost, token}) {
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
		s := step{lane: c.events, token: token}
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

// followLevels gives the levels that changed behind a token, until the context
// ends. After another life of the store has begun, it gives all of them.
func (c *courier) followLevels(ctx context.Context, token inventory.Token, steps chan<- step) error {
	if !c.endpoint.wants(LevelChanged) {
		return waitFor(ctx)
	}
	scope := inventory.Scope{Warehouses: c.endpoint.Warehouses}
	feed, err := c.store.Watch(token, scope)
	if errors.Is(err, inventory.ErrTokenTooOld) {
		feed, err = c.store.Watch(inventory.Token{}, scope)
	}
	if err != nil {
		return err
	}
	for {
		u, err := feed(ctx)
		if err != nil {
			return unlessOver(ctx, err)
		}
		s := step{lane: c.levels, token: u.Token}
		if !u.Bookmark {
			if s.letter, err = c.config.levelLetter(c.teller, u.Token.Incarnation, &u.Level); err != nil {
				return err
			}
		}
		if !give(ctx, steps, s) {
			return nil
		}
	}
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
