package inventory_test

import (
	"testing"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// at gives a command to the Book at a time after the scene's beginning.
func (s *scene) at(after time.Duration, b *storetest.Box, c inventory.Command) inventory.Result {
	s.Helper()
	results, _ := s.book.Apply(now.Add(after), []inventory.Command{c})
	s.last = results[0]
	if b != nil {
		b.Hear(s.last)
	}
	return s.last
}

// report states the box's levels as of an entry, and wants them served or not.
func (s *scene) report(b *storetest.Box, at stock.Seq, serving bool) {
	s.Helper()
	r := inventory.Report{Warehouse: b.Warehouse, Session: b.Session, Statement: b.Statement(at)}
	if got, ok := s.says(b, r).(inventory.Stated); !ok || got.Serving != serving {
		s.Errorf("report as of entry %d is answered %+v, want serving %t", at, s.last, serving)
	}
}

// stocked is a box of which the hub has stored n entries of one milk each.
func stocked(s *scene, n int) *storetest.Box {
	s.Helper()
	b := storetest.NewBox("sz-1", 1)
	s.hello(b)
	s.works(b, n)
	s.sends(b, b.Rest(n), stock.Seq(n))
	return b
}

// The levels of 100 entries are served before the second of them has come, go
// on being served while the others come, and each SKU is told of once.
func TestReport_IsServedBeforeTheEntriesCome(t *testing.T) {
	s := newScene(t)
	b := stocked(s, 1)
	s.works(b, 99)
	s.report(b, 100, true)
	s.wantOnHand(100)
	told := s.book.Revision()
	s.sends(b, b.Rest(49), 50)
	s.wantOnHand(100)
	if l := s.book.Rows().Levels[0]; l.Reported != 100 || l.Applied != 50 {
		t.Errorf("level %+v is not marked as reported until entry 100", l)
	}
	s.report(b, 60, false) // an older one
	s.works(b, 1)
	if got := s.sends(b, b.Rest(60), 101); got.Diverged {
		t.Error("hub and agent differ")
	}
	s.wantOnHand(101)
	if st := s.state(); st.Reported != nil {
		t.Errorf("still reported: %+v", st.Reported)
	}
	if got := s.book.Revision() - told; got != 1 { // for the entry after the report
		t.Errorf("%d changes were told of, want 1", got)
	}
	s.report(b, 101, false) // nothing is ahead of it
}

func TestReport_ThatIsNotSoIsADivergenceAtItsEntry(t *testing.T) {
	s := newScene(t)
	b := stocked(s, 1)
	s.works(b, 5)
	lie := b.Statement(4)
	lie.Levels[0].OnHand += 7
	sheet := stock.Sheet{}
	sheet.Restate("milk", lie.Levels)
	_, lie.Digest = sheet.State()
	s.says(b, inventory.Report{Warehouse: b.Warehouse, Session: b.Session, Statement: lie})
	s.wantOnHand(11)
	if got := s.sends(b, b.Batch(2, 5), 5); !got.Diverged {
		t.Error("nobody noticed that the entries add up to something else")
	}
	if d := s.state().Divergence; d == nil || d.Seq != 4 || d.Agent != lie.Digest {
		t.Errorf("divergence %+v, want one at entry 4", d)
	}
	s.wantOnHand(5)
	lie.Digest++
	s.refused(inventory.Report{Warehouse: b.Warehouse, Session: b.Session, Statement: lie}, inventory.ReasonInvalid, "add up to digest")
}

func TestTakeover_OldLevelsStayInSightUntilTheyHaveCome(t *testing.T) {
	s := newScene(t)
	old := stocked(s, 8)
	fresh := storetest.NewBox("sz-1", 2)
	s.refused(fresh.Hello(), inventory.ReasonClone, "hub box replace sz-1")
	fresh.May = true
	s.works(fresh, 2) // staff go on working
	w := s.hello(fresh)
	if want := (stock.Takeover{Epoch: old.Epoch, Seq: 8}); w.TakeOver != want {
		t.Fatalf("welcome wants %+v taken over, want %+v", w.TakeOver, want)
	}
	s.works(old, 1)
	s.refused(old.Rest(1), inventory.ReasonEpoch, "being replaced")
	s.refused(old.Hello(), inventory.ReasonEpoch, "being replaced")
	s.refused(inventory.DownStored{Warehouse: "sz-1", Session: old.Session}, inventory.ReasonEpoch, "being replaced")

	fresh.TakeOver(t, old.Statement(8))
	s.works(fresh, 1)
	s.hello(fresh)
	s.wantOnHand(8)
	told := s.book.Revision()
	s.sends(fresh, fresh.Rest(1), 1)
	s.wantOnHand(9) // what is scanned counts at once, on top of what was there
	s.sends(fresh, fresh.Rest(2), 3)
	s.wantOnHand(10)
	if got := s.book.Revision() - told; got != 2 {
		t.Errorf("%d changes were told of, want 2", got)
	}
	if st := s.state(); st.Reported != nil || st.Frozen != nil || st.Box.TookOver.Last != 3 || len(st.Closed) != 1 {
		t.Errorf("after the takeover: %+v", st)
	}
	if got := s.sends(fresh, fresh.Rest(1), 4); got.Diverged {
		t.Error("hub and agent differ after the takeover")
	}
	s.wantOnHand(11)
}

// A box that dies while its takeover is half sent leaves everything to the next.
func TestTakeover_OfATakeoverThatWasNotFinished(t *testing.T) {
	s := newScene(t)
	old := stocked(s, 8)
	old.Move(t, stock.Movement{Kind: stock.Receive, SKU: "rice", Delta: 5})
	s.sends(old, old.Rest(1), 9)
	second := storetest.NewBox("sz-1", 2)
	second.May = true
	s.hello(second)
	second.TakeOver(t, old.Statement(9))
	s.hello(second)
	s.sends(second, second.Rest(1), 1) // the opening of one SKU of two
	s.wantOnHand(13)

	third := storetest.NewBox("sz-1", 3)
	third.May = true
	if w := s.hello(third); w.TakeOver != (stock.Takeover{Epoch: second.Epoch, Seq: 1}) {
		t.Errorf("the third box is to take over %+v", w.TakeOver)
	}
	shown, err := seen{s.book}.Statement("sz-1")
	if err != nil {
		t.Fatal(err)
	}
	third.TakeOver(t, shown)
	s.hello(third)
	s.sends(third, third.Rest(9), third.Last())
	s.wantOnHand(13)
}

func TestTakeover_ThatDoesNotFit(t *testing.T) {
	for _, tt := range []struct {
		name    string
		took    func(s *scene, old *storetest.Box) stock.Takeover
		rebirth bool
		advice  string
	}{
		{"of an older entry", func(_ *scene, old *storetest.Box) stock.Takeover {
			return stock.Takeover{Epoch: old.Epoch, Seq: 7, Last: 1}
		}, true, "not the newest any more"},
		{"of a ledger that was replaced", func(s *scene, old *storetest.Box) stock.Takeover {
			next := storetest.NewBox("sz-1", 9)
			opening(s.T, next, "milk", 8)
			s.hello(next)
			s.sends(next, next.Rest(1), 1)
			return stock.Takeover{Epoch: old.Epoch, Seq: 8, Last: 1}
		}, true, "not the newest any more"},
		{"of a ledger that nobody knows", func(*scene, *storetest.Box) stock.Takeover {
			return stock.Takeover{Epoch: stock.Epoch{1}, Seq: 8, Last: 1}
		}, false, "never known"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(t)
			old := stocked(s, 8)
			fresh := storetest.NewBox("sz-1", 2)
			fresh.TookOver, fresh.May = tt.took(s, old), true
			opening(t, fresh, "milk", 8)
			s.refused(fresh.Hello(), inventory.ReasonFork, tt.advice)
			if r, ok := s.last.(*inventory.Refusal); !ok || r.Rebirth != tt.rebirth {
				t.Errorf("rebirth is not %t: %v", tt.rebirth, s.last)
			}
			s.wantOnHand(8)
		})
	}
}

// A hub that was restored from a copy knows less of the old ledger than the new
// one took over. The new one is right.
func TestTakeover_OfMoreThanTheHubRemembers(t *testing.T) {
	s := newScene(t)
	old := stocked(s, 8)
	s.works(old, 2) // sent, taken over, and forgotten by the hub
	fresh := storetest.NewBox("sz-1", 2)
	fresh.TakeOver(t, old.Statement(10))
	s.refused(fresh.Hello(), inventory.ReasonClone, "hub box replace")
	fresh.May = true
	s.hello(fresh)
	s.sends(fresh, fresh.Rest(1), 1)
	s.wantOnHand(10)
}

func TestFreeze_ThawsWhenNobodyTakesThePlace(t *testing.T) {
	s := newScene(t)
	old := stocked(s, 8)
	fresh := storetest.NewBox("sz-1", 2)
	fresh.May = true
	s.hello(fresh)
	if r, ok := s.at(10*time.Minute, old, old.Hello()).(*inventory.Refusal); !ok || r.Reason != inventory.ReasonEpoch {
		t.Errorf("ten minutes later: %v", s.last)
	}
	if _, ok := s.at(10*time.Minute+1e9, old, old.Hello()).(inventory.Welcome); !ok {
		t.Errorf("after that: %v", s.last)
	}
	s.works(old, 1)
	s.sends(old, old.Rest(1), 9)
	fresh.TakeOver(t, old.Statement(8)) // too late
	s.refused(fresh.Hello(), inventory.ReasonFork, "not the newest any more")
	s.wantOnHand(9)
}

func TestRebirth_OnlyWhereNobodyIsPushedOut(t *testing.T) {
	s := newScene(t)
	b := stocked(s, 8)
	b.RollBack(5)
	rebirth := func(h inventory.Command) bool {
		r, ok := s.says(nil, h).(*inventory.Refusal)
		if !ok || r.Reason != inventory.ReasonFork {
			t.Errorf("a ledger that went back is answered %v", s.last)
		}
		return ok && r.Rebirth
	}
	if !rebirth(b.Hello()) {
		t.Error("the very process that has the session may not begin anew")
	}
	b.Move(t, stock.Movement{Kind: stock.Waste, SKU: "milk", Delta: -1})
	s.works(b, 2)
	if !rebirth(b.Batch(8, 8)) {
		t.Error("the box that has the session may not begin anew")
	}
	b.RollBack(5)
	b.Start(3)
	if rebirth(b.Hello()) {
		t.Error("another process begins anew while the box that has the session may be alive")
	}
	b.May = true
	if !rebirth(b.Hello()) {
		t.Error("nobody else gives a sign of life, and yet it may not begin anew")
	}
}
