package inventory_test

import (
	"testing"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

func opening(t *testing.T, b *storetest.Box, sku stock.SKU, n int64) {
	t.Helper()
	b.Move(t, stock.Movement{Kind: stock.Opening, SKU: sku, Delta: n})
}

func TestEpoch_AnOpeningReplacesTheBox(t *testing.T) {
	s, old := newScene(t), storetest.NewBox("sz-1", 1)
	s.hello(old)
	s.works(old, 8)
	old.Move(t, stock.Movement{Kind: stock.Receive, SKU: "rice", Lot: "A1", Expiry: 20270131, Delta: 3})
	s.sends(old, old.Rest(9), 9)

	fresh := storetest.NewBox("sz-1", 2)
	opening(t, fresh, "milk", 6)
	if w := s.hello(fresh); w.Applied != 0 || w.Head != stock.Genesis(fresh.Epoch) {
		t.Errorf("welcome of the new box: %+v", w)
	}
	s.wantOnHand(11) // a hello alone replaces nothing
	old.Scribble([]byte("junk"))
	in := old.Rest(1)
	*in.Digest++         // the two differ, too
	s.sends(old, in, 10) // and the old box still has its session
	if st := s.state(); st.Quarantined != 1 || st.Divergence == nil {
		t.Errorf("the old box: %+v", st)
	}
	s.sends(fresh, fresh.Rest(1), 1)
	s.wantOnHand(6)

	st := s.state()
	if st.Box.Epoch != fresh.Epoch || st.Candidate != nil || st.Term() != 2 || len(st.Closed) != 1 {
		t.Fatalf("state %+v", st)
	}
	if st.Quarantined != 0 || st.Divergence != nil {
		t.Errorf("the new box takes over %d bad entries and %+v", st.Quarantined, st.Divergence)
	}
	if c := st.Closed[0]; c.Epoch != old.Epoch || c.Last != 10 || c.Head != old.HeadAt(10) {
		t.Errorf("closed epoch %+v", c)
	}
	if st.EpochOf(1) != old.Epoch || st.EpochOf(2) != fresh.Epoch || !st.EpochOf(0).IsZero() || !st.EpochOf(3).IsZero() {
		t.Error("terms do not name their epochs")
	}
	s.works(old, 1)
	s.refused(old.Rest(1), inventory.ReasonEpoch, "stays closed")
	s.refused(old.Hello(), inventory.ReasonEpoch, "new ledger")
	for _, lot := range s.book.Rows().Lots {
		t.Errorf("the new epoch knows lot %s of %s", lot.Lot, lot.SKU)
	}
}

func TestEpoch_WithoutAnOpeningNothingIsReplaced(t *testing.T) {
	s, old := newScene(t), storetest.NewBox("sz-1", 1)
	s.hello(old)
	s.works(old, 8)
	s.sends(old, old.Rest(8), 8)
	for name, begin := range map[string]func(b *storetest.Box){
		"a receipt": func(b *storetest.Box) { s.works(b, 1) },
		"junk":      func(b *storetest.Box) { b.Scribble([]byte("junk")) },
	} {
		fresh := storetest.NewBox("sz-1", len(name))
		begin(fresh)
		s.hello(fresh)
		s.refused(fresh.Rest(1), inventory.ReasonEpoch, "must begin with opening entries")
	}
	s.works(old, 1)
	s.sends(old, old.Rest(1), 9)
	s.wantOnHand(9)
}

func TestEpoch_OpensFreelyWhereThereIsNoStock(t *testing.T) {
	s, old := newScene(t), storetest.NewBox("sz-1", 1)
	s.hello(old)
	old.Move(t, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 4})
	old.Move(t, stock.Movement{Kind: stock.Pick, SKU: "milk", Delta: -4})
	s.sends(old, old.Rest(2), 2)
	fresh := storetest.NewBox("sz-1", 2)
	s.works(fresh, 3)
	s.hello(fresh)
	if got := s.sends(fresh, fresh.Batch(2, 3), 0); got.Want != 1 {
		t.Errorf("a run from 2 on is answered %+v, want 1", got)
	}
	s.sends(fresh, fresh.Batch(1, 3), 3)
	s.wantOnHand(3)
}

func TestEpoch_ANewLedgerThatDoesNotBeginAtOne(t *testing.T) {
	s, old := newScene(t), storetest.NewBox("sz-1", 1)
	s.hello(old)
	s.works(old, 1)
	s.sends(old, old.Rest(1), 1)
	fresh := storetest.NewBox("sz-1", 2)
	s.works(fresh, 9)
	h := fresh.Hello()
	h.Position.First = 5
	s.refused(h, inventory.ReasonFork, "begins at entry 5")
	if st := s.state(); st.Candidate != nil {
		t.Errorf("it is a candidate: %+v", st.Candidate)
	}
}

func TestEpoch_TheSameProcessMayBeginANewLedger(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	s.hello(b)
	s.works(b, 2)
	s.sends(b, b.Rest(2), 2)
	reborn := storetest.NewBox("sz-1", 2)
	reborn.Boot = b.Boot
	opening(t, reborn, "milk", 2)
	s.hello(reborn)
	s.sends(reborn, reborn.Rest(1), 1)
	if w := s.hello(reborn); w.Applied != 1 {
		t.Errorf("its next hello: %+v", w)
	}
}

func TestEpoch_OpeningInSeveralRuns(t *testing.T) {
	s, old := newScene(t), storetest.NewBox("sz-1", 1)
	s.hello(old)
	s.works(old, 5)
	s.sends(old, old.Rest(5), 5)
	fresh := storetest.NewBox("sz-1", 2)
	opening(t, fresh, "rice", 2)
	opening(t, fresh, "milk", 5)
	s.hello(fresh)
	s.sends(fresh, fresh.Rest(1), 1)
	s.wantOnHand(2)
	got := s.sends(fresh, fresh.Rest(1), 2)
	s.wantOnHand(7)
	if got.Diverged {
		t.Error("hub and agent differ after the opening")
	}
}
