package store

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// follow reads events until a bookmark.
func follow(tb testing.TB, feed inventory.EventFeed) (out []inventory.Event) {
	tb.Helper()
	for {
		u, err := feed(tb.Context())
		if err != nil {
			tb.Fatal(err)
		}
		if u.Bookmark {
			return out
		}
		out = append(out, u.Event)
	}
}

// TestEvents_AreToldOnceAcrossRestarts: a follower that goes on from its token,
// wherever it stopped, sees every event once and in order.
func TestEvents_AreToldOnceAcrossRestarts(t *testing.T) {
	dir := t.TempDir()
	s := stocked(t, dir, 1000)
	from := s.OldestEvents()
	var told []inventory.Event
	for round := range 5 {
		var group []inventory.Command
		for i := range 40 {
			id := fmt.Sprintf("o-%d-%d", round, i)
			group = append(group, try(t, id, "milk", 1), inventory.Confirm{ID: stock.OrderID(id)})
		}
		if _, err := s.Apply(t.Context(), group...); err != nil {
			t.Fatal(err)
		}
		feed, err := s.Events(from, "wh-0")
		if err != nil {
			t.Fatal(err)
		}
		for range 31 + round { // stops in the middle of a row
			u, err := feed(t.Context())
			if err != nil || u.Bookmark {
				t.Fatalf("%+v, %v", u, err)
			}
			told, from = append(told, u.Event), u.Token
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = start(t, dir, Options{})
	}
	feed, err := s.Events(from)
	if err != nil {
		t.Fatal(err)
	}
	told = append(told, follow(t, feed)...)
	if len(told) != 5*40*2 {
		t.Errorf("%d events, want %d", len(told), 5*40*2)
	}
	last := inventory.Revision(0)
	for _, e := range told {
		if e.Reservation.Revision <= last {
			t.Errorf("event %d follows %d", e.Reservation.Revision, last)
		}
		last = e.Reservation.Revision
	}
}

func TestEvents_AFollowerWaitsForWhatHappensNext(t *testing.T) {
	s := stocked(t, t.TempDir(), 10)
	one(t, s, try(t, "before", "milk", 1))
	feed, err := s.Events(inventory.Token{})
	if err != nil {
		t.Fatal(err)
	}
	if none := follow(t, feed); len(none) > 0 {
		t.Errorf("told what happened before: %+v", none)
	}
	go func() { _, _ = s.Apply(context.Background(), try(t, "after", "milk", 1)) }()
	u, err := feed(t.Context())
	if err != nil || u.Event.Reservation == nil || u.Event.Reservation.ID != "after" || u.Event.Type != inventory.EventTried {
		t.Errorf("told %+v, %v", u, err)
	}
	if _, err := s.Events(inventory.Token{Incarnation: 1, Revision: 1}); !errors.Is(err, inventory.ErrTokenTooOld) {
		t.Errorf("a token of another life: %v", err)
	}
}

// TestRetire_LetsGoOfOldEvents: what ended before the window is forgotten, what
// is open stays, and a token from before says clearly that it is too old.
func TestRetire_LetsGoOfOldEvents(t *testing.T) {
	dir := t.TempDir()
	s := stocked(t, dir, 10)
	begin := s.OldestEvents()
	for _, id := range []string{"o-1", "o-2", "o-3"} {
		one(t, s, try(t, id, "milk", 1))
	}
	one(t, s, inventory.Cancel{ID: "o-1"})
	one(t, s, inventory.Confirm{ID: "o-2"})
	for again := true; again; {
		var err error
		if again, err = s.retireOnce(t.Context(), time.Now().Add(inventory.DefaultKeep+time.Minute)); err != nil {
			t.Fatal(err)
		}
		again = again && s.OldestEvents().Revision < 20
	}
	check := func() {
		t.Helper()
		if _, ok, err := s.Reservation(t.Context(), "o-1"); ok || err != nil {
			t.Errorf("what ended long ago is remembered: %v", err)
		}
		for id, state := range map[stock.OrderID]inventory.ReservationState{"o-2": inventory.Confirmed, "o-3": inventory.Tried} {
			if r, ok, err := s.Reservation(t.Context(), id); !ok || err != nil || r.State != state {
				t.Errorf("%s is %+v, %v, %v", id, r, ok, err)
			}
		}
		if _, err := s.Events(begin); !errors.Is(err, inventory.ErrTokenTooOld) {
			t.Errorf("a token from before: %v", err)
		}
		feed, err := s.Events(s.OldestEvents())
		if err != nil {
			t.Fatal(err)
		}
		if events := follow(t, feed); len(events) > 0 {
			t.Errorf("records that were written again are told as events: %+v", events)
		}
		if l, _ := s.Level("wh-0", "milk"); l.Held != 1 || l.Committed != 1 {
			t.Errorf("level %+v", l)
		}
	}
	check()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = start(t, dir, Options{})
	check()
}

// TestSweep_EndsHoldsOfAnIdleHub: a hold ends when its time is over, although
// nobody asks for anything.
func TestSweep_EndsHoldsOfAnIdleHub(t *testing.T) {
	s := stocked(t, t.TempDir(), 10)
	hold := inventory.Ask{Lines: []inventory.AskLine{{SKU: "milk", Quantity: 4}}, TTL: 30 * time.Millisecond}
	c, err := inventory.NewTry("o-1", hold, []inventory.Candidate{{Warehouse: "wh-0"}})
	if err != nil {
		t.Fatal(err)
	}
	feed, err := s.Events(inventory.Token{})
	if err != nil {
		t.Fatal(err)
	}
	one(t, s, c)
	for u := (inventory.EventUpdate{}); u.Event.Type != inventory.EventExpired; {
		if u, err = feed(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if l, _ := s.Level("wh-0", "milk"); l.Held != 0 {
		t.Errorf("level %+v", l)
	}
}

// TestClock_FollowsTheWallSlowly: the time that the Book is told never goes
// back and never leaps, whatever somebody does to the computer's clock.
func TestClock_FollowsTheWallSlowly(t *testing.T) {
	at := time.Now() // with a monotonic part
	wall := at
	c := hubClock{wall: func() time.Time { return wall }}
	begin := c.read()
	// The wall leaps ahead by an hour: with what passed since, no more than an
	// eighth more is told. Add moves both parts of a time, so a leap is a time
	// without a monotonic part.
	wall = at.Round(0).Add(time.Hour)
	c.last = at.Round(0).Add(time.Hour - 8*time.Second) // eight seconds passed
	if got := c.read().Sub(begin); got != 9*time.Second {
		t.Errorf("a wall that leaps ahead moves the clock by %v, want 9s", got)
	}
	before := c.now
	wall = at.Round(0).Add(-time.Hour)
	c.last = wall.Add(-8 * time.Second)
	if got := c.read().Sub(before); got != 7*time.Second {
		t.Errorf("a wall that goes back moves the clock by %v, want 7s", got)
	}
	before = c.now
	c.last = wall.Add(time.Second) // not even the monotonic clock can be trusted
	if got := c.read().Sub(before); got != 0 {
		t.Errorf("the clock moved by %v", got)
	}
}
