package webhook

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// told is what a level's event says.
type told struct {
	ID        string
	OnHand    int64 `json:"on_hand"`
	Sellable  int64 `json:"sellable"`
	Committed int64 `json:"committed"`
	Closed    bool  `json:"closed"`
}

// levels gives the levels that were taken.
func (s *shop) levels(t *testing.T) (out []told) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.took {
		if d.event.Type != LevelChanged {
			continue
		}
		l := told{ID: d.event.ID}
		if err := json.Unmarshal(d.event.Data, &l); err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	return out
}

// last waits until the newest level that was taken is the one that is wanted.
func (s *shop) last(t *testing.T, what string, want func(told) bool) told {
	t.Helper()
	var l told
	defer func() {
		if t.Failed() {
			t.Log(s.levels(t))
		}
	}()
	s.until(t, what, func() bool {
		if all := s.levels(t); len(all) > 0 {
			l = all[len(all)-1]
		}
		return want(l)
	})
	return l
}

// Levels are replayed: from an event on, or all as they are now.
func TestOffice_ReplaysLevels(t *testing.T) {
	w, shop := newWorld(t, impatient()), newShop(t)
	hook := w.add(shop.URL, LevelChanged, "reservation.*")
	w.receive(1)
	first := shop.last(t, "a level", func(l told) bool { return l.OnHand == 1_000_001 })
	w.order("o-1")
	newest := shop.last(t, "a level with an order", func(l told) bool { return l.Committed == 1 })
	shop.wants(t, "o-1 confirmed")
	for name, req := range map[string]*forestockv1.ReplayWebhookRequest{
		"all of them":          {},
		"from a level on":      {FromEvent: first.ID},
		"from an order on":     {FromEvent: shop.eventID(t, "o-1 tried")},
		"from a newer than it": {FromEvent: newest.ID},
	} {
		t.Run(name, func(t *testing.T) {
			shop.forget()
			req.Name = hook.GetName()
			if _, err := w.office.ReplayWebhook(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			again := shop.last(t, "the level", func(l told) bool { return l.Committed == 1 })
			if again.ID != newest.ID {
				t.Errorf("told again as %s, was %s", again.ID, newest.ID)
			}
			if name == "all of them" {
				shop.wants(t, "o-1 tried", "o-1 confirmed")
			}
		})
	}
}

func (s *shop) eventID(t *testing.T, what string) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.took, func(d delivery) bool { return short(d) == what })
	if i < 0 {
		t.Fatalf("%s was not taken", what)
	}
	return s.took[i].event.ID
}

func (s *shop) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = nil
}

// A level of which nothing is sellable any more, because its warehouse fell
// silent, is told again though nothing happened to the goods, and again when the
// warehouse is back, also when the hub was restarted meanwhile.
func TestOffice_TellsLevelsAgainWhenAWarehouseFallsSilent(t *testing.T) {
	w, shop := newWorld(t, impatient()), newShop(t)
	w.add(shop.URL, LevelChanged)
	w.receive(1)
	before := shop.last(t, "a level", func(l told) bool { return l.Sellable == 1_000_001 && !l.Closed })
	w.line.silent.Store(true)
	closed := shop.last(t, "that nothing is sellable", func(l told) bool { return l.Sellable == 0 && l.Closed && l.OnHand == 1_000_001 })
	if closed.ID == before.ID {
		t.Error("it has the id of the event before: nobody takes it")
	}
	w.restart()
	w.line.silent.Store(false)
	shop.last(t, "that it is sellable again", func(l told) bool { return l.Sellable == 1_000_001 && !l.Closed })
	shop.inOrder(t)
	n := len(shop.levels(t))
	w.restart()
	w.receive(1)
	shop.last(t, "the next change", func(l told) bool { return l.OnHand == 1_000_002 })
	if got := len(shop.levels(t)); got != n+1 {
		t.Errorf("%d levels are told after a restart, of one that changed", got-n)
	}
}

func TestPlace_IsReadAsItWasWritten(t *testing.T) {
	for _, text := range []string{"", "00000000000000aa-7", "00000000000000aa-7 20261122 wh-1~!"} {
		p, err := parsePlace(text)
		if err != nil || p.String() != text {
			t.Errorf("%q is read as %q, %v", text, p, err)
		}
	}
}

func TestEndpoint_RotateKeepsBothSecretsForAWhile(t *testing.T) {
	now := time.Now()
	e := Endpoint{Secret: newSecret()}
	old := e.Secret
	if err := e.rotate(old, "Li", now, now); err == nil {
		t.Error("changed into itself")
	}
	if err := e.rotate("", "Li", now, now.Add(time.Hour)); err != nil || e.OldSecret != old || e.Secret == old {
		t.Fatal(e, err)
	}
	signed := func(at time.Time) string {
		k, err := keysOf(&e)
		if err != nil {
			t.Fatal(err)
		}
		return k.sign("id", at, []byte("{}"))
	}
	by := func(secret string, at time.Time) string {
		key, err := keyOf(secret)
		if err != nil {
			t.Fatal(err)
		}
		return sign(key, "id", at, []byte("{}"))
	}
	soon, late := now.Add(time.Minute), now.Add(time.Hour)
	if got, want := signed(soon), by(e.Secret, soon)+" "+by(old, soon); got != want {
		t.Errorf("at once: %s, want %s", got, want)
	}
	if got, want := signed(late), by(e.Secret, late); got != want {
		t.Errorf("when the time is over: %s, want %s", got, want)
	}
	if err := e.rotate("", "Li", now, now); err != nil || e.OldSecret != "" {
		t.Errorf("without an overlap the former secret is %q, %v", e.OldSecret, err)
	}
}
