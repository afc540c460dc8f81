package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// An entry that was set aside is dealt with once, however many try at the same
// time, and stays so over a restart; the next one still raises its alarm.
func TestDiscard_CountsAnEntryOffOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s := start(t, dir, Options{})
	box := storetest.NewBox("wh-1", 1)
	box.Scribble([]byte("no entry"))
	box.Scribble([]byte("none either"))
	box.Hear(one(t, s, box.Hello()))
	box.Hear(one(t, s, box.Rest(2)))
	open := func(s *running) int {
		st, _ := s.Warehouse("wh-1")
		return st.Quarantined
	}
	if open(s) != 2 {
		t.Fatalf("%d entries set aside, want 2", open(s))
	}
	first := inventory.Discard{Warehouse: "wh-1", Place: inventory.Place{Term: 1, Seq: 1}, By: "li", Why: "booked again"}
	var racing sync.WaitGroup
	for i := range 8 {
		d := first
		d.By = fmt.Sprintf("li-%d", i)
		racing.Go(func() {
			if q, refusal, err := s.Discard(t.Context(), d); err != nil || refusal != nil || q.Discarded == nil {
				t.Errorf("discard: %+v, %v, %v", q, refusal, err)
			}
		})
	}
	racing.Wait()
	if open(s) != 1 {
		t.Errorf("%d entries raise the alarm, want 1", open(s))
	}
	was, _, err := s.Discard(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := start(t, dir, Options{})
	list, _, err := again.Quarantined(t.Context(), "wh-1", "", 10)
	if err != nil || len(list) != 2 || open(again) != 1 {
		t.Fatalf("after a restart %d of %d raise the alarm: %v", open(again), len(list), err)
	}
	if list[0].Discarded != nil || list[1].Discarded == nil || *list[1].Discarded != *was.Discarded || string(list[1].Raw) != "no entry" || was.Discarded.Why != "booked again" {
		t.Errorf("after a restart: %+v", list)
	}
}

func TestDiscard_RefusesWhatIsNotSetAside(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "store"), Options{})
	box := storetest.NewBox("wh-1", 1)
	box.Scribble([]byte("no entry"))
	box.Hear(one(t, s, box.Hello()))
	box.Hear(one(t, s, box.Rest(1)))
	send(t, s, box)
	for _, tt := range []struct {
		w  stock.Warehouse
		at inventory.Place
	}{{"wh-2", inventory.Place{Term: 1, Seq: 1}}, {"wh-1", inventory.Place{}}, {"wh-1", inventory.Place{Term: 1, Seq: 2}}, {"wh-1", inventory.Place{Term: 1, Seq: 3}}, {"wh-1", inventory.Place{Term: 2, Seq: 1}}} {
		if _, _, err := s.Discard(t.Context(), inventory.Discard{Warehouse: tt.w, Place: tt.at, By: "li", Why: "x"}); !errors.Is(err, inventory.ErrNotQuarantined) {
			t.Errorf("discard %v of %s: %v", tt.at, tt.w, err)
		}
	}
	_, refusal, err := s.Discard(t.Context(), inventory.Discard{Warehouse: "wh-1", Place: inventory.Place{Term: 1, Seq: 1}, By: "li"})
	if err != nil || refusal == nil || refusal.Reason != inventory.ReasonInvalid {
		t.Errorf("without a reason: %v, %v", refusal, err)
	}
	if st, _ := s.Warehouse("wh-1"); st.Quarantined != 1 {
		t.Errorf("%d raise the alarm, want 1", st.Quarantined)
	}
}

// The alarm is about the present epoch: an entry of a closed one is dealt with
// without taking anything off it.
func TestDiscard_OfAClosedEpochLeavesThePresentAlarm(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "store"), Options{})
	for number := range 2 { // the second box has a ledger of its own
		box := storetest.NewBox("wh-1", number+1)
		box.Scribble([]byte("no entry"))
		box.Hear(one(t, s, box.Hello()))
		box.Hear(one(t, s, box.Rest(1)))
	}
	for _, step := range []struct {
		term inventory.Term
		open int
	}{{1, 1}, {2, 0}} {
		_, refusal, err := s.Discard(t.Context(), inventory.Discard{Warehouse: "wh-1", Place: inventory.Place{Term: step.term, Seq: 1}, By: "li", Why: "x"})
		if st, _ := s.Warehouse("wh-1"); err != nil || refusal != nil || st.Quarantined != step.open || st.Term() != 2 {
			t.Errorf("after term %d: %d raise the alarm, want %d; %v, %v", step.term, st.Quarantined, step.open, refusal, err)
		}
	}
}
