package inventory_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

func adopt(b *storetest.Box) inventory.Adopt {
	return inventory.Adopt{Warehouse: b.Warehouse, Session: b.Session, Statement: b.Statement(b.Base)}
}

func TestAdopt_LevelsStandForEntriesThatNobodyHas(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	s.works(b, 20)
	b.Base = 12
	if w := s.hello(b); !w.New || !w.BaseWanted || w.Applied != 0 {
		t.Errorf("welcome of a ledger that begins at entry 13: %+v", w)
	}
	if got := s.sends(b, b.Rest(3), 0); got.Want != 1 {
		t.Errorf("entries before the base: %+v", got)
	}
	base := adopt(b)
	for range 2 { // the second is a repetition
		if got, ok := s.says(b, base).(inventory.Ingested); !ok || got.Applied != 12 {
			t.Fatalf("the base is answered %+v", s.last)
		}
	}
	s.wantOnHand(12)
	if got := s.sends(b, b.Rest(8), 20); got.Diverged {
		t.Error("hub and agent differ")
	}
	s.wantOnHand(20)
	if st := s.state(); st.Adopted == nil || st.Adopted.From != 1 || st.Adopted.Seq != 12 || st.Settled != 12 || st.Box.BaseWanted {
		t.Errorf("after the adoption: %+v", st)
	}
	if w := s.hello(b); w.BaseWanted {
		t.Error("the base is wanted again")
	}
	later := adopt(b)
	later.Statement = b.Statement(20)
	later.Statement.Seq = 25
	s.refused(later, inventory.ReasonInvalid, "base is not wanted")
}

func TestAdopt_ByABoxThatTookOver(t *testing.T) {
	s := newScene(t)
	old := stocked(s, 8)
	fresh := storetest.NewBox("sz-1", 2)
	fresh.TakeOver(t, old.Statement(8))
	s.works(fresh, 5)
	fresh.Base, fresh.May = 4, true
	if w := s.hello(fresh); !w.BaseWanted {
		t.Errorf("welcome %+v", w)
	}
	s.says(fresh, adopt(fresh))
	s.wantOnHand(11)
	s.sends(fresh, fresh.Rest(9), 6)
	s.wantOnHand(13)
	if st := s.state(); st.Reported != nil || len(st.Closed) != 1 {
		t.Errorf("after the adoption: %+v", st)
	}
}

// diverged is a box that has one milk more than its entries say.
func diverged(s *scene, n int) *storetest.Box {
	s.Helper()
	b := storetest.NewBox("sz-1", 1)
	s.hello(b)
	b.Move(s.T, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 1})
	b.Obscure()
	s.works(b, n-1)
	if got := s.sends(b, b.Rest(n), stock.Seq(n)); !got.Diverged || got.Quarantined != 1 {
		s.Fatalf("an entry that cannot be read: %+v", got)
	}
	return b
}

func TestRepair_MakesTheBoxsLevelsTheHubs(t *testing.T) {
	s := newScene(t)
	b := diverged(s, 5)
	r := inventory.Repair{Warehouse: "sz-1", Session: b.Session, Statement: b.Statement(5), By: "li"}
	s.refused(r, inventory.ReasonInvalid, "who decides and why")
	r.Why = "counted"
	s.works(b, 2)
	s.sends(b, b.Rest(2), 7)
	s.refused(r, inventory.ReasonMoved, "gone on to entry 7")
	r.Since, r.Upto = b.Since(5), 7
	got, ok := s.says(b, r).(inventory.Repairing)
	if !ok || got.Done == nil {
		t.Fatalf("the repair is answered %+v", s.last)
	}
	want := inventory.Repaired{
		Warehouse: "sz-1", Number: 1, Place: inventory.Place{Term: 1, Seq: 5}, By: "li", Why: "counted", Time: now, Differ: 1,
		Cells: []inventory.RepairedCell{{Cell: stock.Cell{SKU: "milk"}, Before: 6, After: 7}},
	}
	if diff := cmp.Diff(want, *got.Done); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	s.wantOnHand(7)
	s.works(b, 1)
	if got := s.sends(b, b.Rest(1), 8); got.Diverged {
		t.Error("hub and agent still differ")
	}
	// The entry is in the levels now: to apply it as well would count it twice.
	s.refused(retry(b), inventory.ReasonInvalid, "is in them")
	r.Statement = b.Statement(4)
	s.refused(r, inventory.ReasonInvalid, "older than others")
}

func TestRepair_AheadOfTheEntriesWaitsForThem(t *testing.T) {
	s := newScene(t)
	b := diverged(s, 5)
	s.works(b, 3)
	r := inventory.Repair{Warehouse: "sz-1", Session: b.Session, Statement: b.Statement(8), By: "li", Why: "counted"}
	if got, ok := s.says(b, r).(inventory.Repairing); !ok || got.Done != nil || got.Until != 8 {
		t.Fatalf("the repair is answered %+v", s.last)
	}
	s.wantOnHand(8)
	s.report(b, 8, false) // what was ordered stays
	rows := s.book.Rows()
	s.book = newBook() // and survives a restart
	s.book.Load(&rows)
	_, changes := s.book.Apply(now, []inventory.Command{b.Rest(3)})
	if len(changes.Repaired) != 1 || changes.Repaired[0].Place.Seq != 8 || changes.Repaired[0].Differ != 1 || changes.Repaired[0].By != "li" {
		t.Errorf("records of the repair: %+v", changes.Repaired)
	}
	s.wantOnHand(8)
	if st := s.state(); st.Divergence != nil || st.Reported != nil || st.Repairs != 1 {
		t.Errorf("after the repair: %+v", st)
	}
}

// retry has the first entry of the box applied, which the hub set aside.
func retry(b *storetest.Box) inventory.Retry {
	const at = 1
	in := b.Batch(at, at)
	batch := stock.Batch{From: at, Entries: [][]byte{in.Entries[0].Raw}}
	return inventory.Retry{
		Warehouse: b.Warehouse, Place: inventory.Place{Term: 1, Seq: at}, By: "li", Why: "updated",
		Sent: inventory.NewIngest(b.Warehouse, b.Epoch, b.Session, batch, nil, 0).Entries[0],
	}
}

func TestRetry_AnEntryThatCanBeReadNowCounts(t *testing.T) {
	s := newScene(t)
	b := diverged(s, 5)
	unread := retry(b)
	unread.Sent.Err = inventory.ErrNotQuarantined
	s.refused(unread, inventory.ReasonInvalid, "still cannot be applied")
	old := retry(b)
	old.Place.Term = 0
	s.refused(old, inventory.ReasonInvalid, "was replaced")
	got, ok := s.says(b, retry(b)).(inventory.Retried)
	if !ok || got.SKU != "milk" || got.OnHandAfter != 5 || got.Prev != (inventory.Place{Term: 1, Seq: 5}) {
		t.Errorf("the entry is answered %+v", s.last)
	}
	s.wantOnHand(5)
	s.works(b, 1)
	if got := s.sends(b, b.Rest(1), 6); got.Diverged {
		t.Error("hub and agent still differ")
	}
	if st := s.state(); st.Quarantined != 0 {
		t.Errorf("%d entries are set aside", st.Quarantined)
	}
	s.refused(retry(b), inventory.ReasonInvalid, "nothing of warehouse sz-1 is set aside")
}

func TestRemoved_NothingOfItIsSellable(t *testing.T) {
	s := newScene(t)
	stocked(s, 3)
	item := stock.Item{SKU: "milk", Name: "牛奶", Unit: stock.Piece, Pack: 1}
	s.updates(item)
	before := s.book.Revision()
	item.Removed = true
	s.updates(item)
	level := func() inventory.Level {
		levels := s.book.Rows().Levels
		return levels[slices.IndexFunc(levels, func(l inventory.Level) bool { return l.SKU == "milk" })]
	}
	if l := level(); l.Offer(inventory.Terms{Today: 20261121}).Quantity != 0 || l.OnHand != 3 || l.Revision <= before {
		t.Errorf("level of a removed item: %+v", l)
	}
	item.Removed = false
	s.updates(item)
	if l := level(); l.Offer(inventory.Terms{Today: 20261121}).Quantity != 3 {
		t.Errorf("level of an item that is sold again: %+v", l)
	}
}
