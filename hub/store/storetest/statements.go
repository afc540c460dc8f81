package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// shop is a store with one warehouse, which can be closed and opened again.
type shop struct {
	testing.TB
	Store
	open Open
	dir  string
}

func newShop(tb testing.TB, open Open) *shop {
	tb.Helper()
	dir := tb.TempDir()
	return &shop{tb, open(tb, dir), open, dir}
}

func (s *shop) restart() {
	s.Helper()
	must(s.TB, s.Close())
	s.Store = s.open(s.TB, s.dir)
}

func (s *shop) says(b *Box, c inventory.Command) {
	s.Helper()
	results, err := s.Apply(s.Context(), c)
	must(s.TB, err)
	b.Hear(results[0])
}

// settle sends all that a box has left.
func (s *shop) settle(b *Box) {
	s.Helper()
	if b.Session == 0 {
		s.says(b, b.Hello())
	}
	s.says(b, b.Rest(1<<10))
	if b.Stored != b.Last() {
		s.Fatalf("%d entries of %d are stored", b.Stored, b.Last())
	}
}

func (s *shop) wantMilk(what string, onHand int64) {
	s.Helper()
	if l, _ := s.Level("wh-0", "milk"); l.OnHand != onHand {
		s.Errorf("%s: on hand %d, want %d", what, l.OnHand, onHand)
	}
}

func milk(tb testing.TB, b *Box, n int) {
	tb.Helper()
	for range n {
		b.Move(tb, stock.Movement{Kind: stock.Receive, SKU: "milk", Lot: "A1", Expiry: 20270131, Delta: 1})
	}
}

// checkReport: levels that were stated are shown through a restart, the sum
// comes back where it is due, and no watch is told what it knows.
func checkReport(tb testing.TB, open Open) {
	tb.Helper()
	s, b := newShop(tb, open), NewBox("wh-0", 1)
	milk(tb, b, 2)
	s.settle(b)
	milk(tb, b, 8)
	s.says(b, inventory.Report{Warehouse: "wh-0", Session: b.Session, Statement: b.Statement(10)})
	s.says(b, b.Rest(4))
	s.restart()
	if l, _ := s.Level("wh-0", "milk"); l.OnHand != 10 || l.Reported != 10 || l.Applied != 6 {
		s.Errorf("after a restart: %+v", l)
	}
	entries, _, err := s.Movements(s.Context(), "wh-0", "milk", "", 100)
	must(tb, err)
	if len(entries) != 2 { // the history of what is shown follows
		s.Errorf("%d entries explain a reported level", len(entries))
	}
	feed, err := s.Watch(inventory.Token{}, inventory.Scope{})
	must(tb, err)
	told := func() (updates int) {
		for {
			u, err := feed(s.Context())
			must(tb, err)
			if u.Bookmark {
				return updates
			}
			updates++
		}
	}
	if n := told(); n != 1 {
		s.Errorf("a watch is told of %d levels, want 1", n)
	}
	s.says(b, b.Rest(4))
	if l, _ := s.Level("wh-0", "milk"); l.OnHand != 10 || l.Reported != 0 || l.Newest.Seq != 10 {
		s.Errorf("after the entries have come: %+v", l)
	}
	b.Move(tb, stock.Movement{Kind: stock.Receive, SKU: "rice", Delta: 1})
	s.settle(b)
	if n := told(); n != 1 { // the rice
		s.Errorf("a watch is told of %d levels, want 1", n)
	}
	s.restart()
	s.wantMilk("after another restart", 10)
}

// checkTakeover: what a new box is told of the old one is what is stored, and
// both ledgers can be traced.
func checkTakeover(tb testing.TB, open Open) {
	tb.Helper()
	s, old := newShop(tb, open), NewBox("wh-0", 1)
	milk(tb, old, 9)
	old.Move(tb, stock.Movement{Kind: stock.Pick, SKU: "rice", Bin: "C-1", Delta: -2})
	s.settle(old)
	if _, err := s.Statement("wh-0"); !errors.Is(err, inventory.ErrNotFrozen) {
		s.Errorf("statement of a box that is not being replaced: %v", err)
	}
	fresh := NewBox("wh-0", 2)
	fresh.May = true
	s.says(fresh, fresh.Hello())
	s.restart() // both ends forget their sessions, and nothing else
	got, err := s.Statement("wh-0")
	must(tb, err)
	if diff := cmp.Diff(old.Statement(10), got); diff != "" {
		s.Errorf("statement (-box +hub):\n%s", diff)
	}
	booked, err := s.Booked(s.Context(), "wh-0", old.Epoch, 4)
	must(tb, err)
	if diff := cmp.Diff(slices.Repeat([]stock.Booked{{Command: stock.SumOfCommand("cmd")}}, 4), booked); diff != "" {
		s.Errorf("the newest commands (-want +got):\n%s", diff)
	}
	fresh.TakeOver(tb, got)
	s.says(fresh, fresh.Hello())
	s.says(fresh, fresh.Rest(1))
	s.wantMilk("half taken over", 9)
	s.restart()
	s.wantMilk("half taken over, after a restart", 9)
	s.settle(fresh)
	s.wantMilk("taken over", 9)
	if _, err := s.Statement("wh-0"); !errors.Is(err, inventory.ErrNotFrozen) {
		s.Errorf("statement after the takeover: %v", err)
	}
	s.trace(old, 10)
	s.trace(fresh, fresh.Last())
	if same, err := s.Trace(s.Context(), "wh-0", stock.Epoch{1}, old.points(1, 2)); same != 0 || err != nil {
		s.Errorf("a ledger that nobody knows is stored up to %d, %v", same, err)
	}
}

// trace asks how far a ledger is stored, of which the hub has all.
func (s *shop) trace(b *Box, last stock.Seq) {
	s.Helper()
	for _, tt := range []struct {
		points []wire.TracePoint
		want   stock.Seq
	}{
		{b.points(1, 2, last), last},
		{append(b.points(1, 2), wire.TracePoint{Seq: last, Sum: 1}), 2},
		{append(b.points(1), wire.TracePoint{Seq: last + 1, Sum: b.points(1)[0].Sum}), 1},
		{[]wire.TracePoint{{Seq: 1, Sum: 1}}, 0},
	} {
		if got, err := s.Trace(s.Context(), b.Warehouse, b.Epoch, tt.points); got != tt.want || err != nil {
			s.Errorf("ledger %s at %v is stored up to %d, %v, want %d", b.Epoch, tt.points, got, err, tt.want)
		}
	}
}

func (b *Box) points(seqs ...stock.Seq) []wire.TracePoint {
	var out []wire.TracePoint
	for _, at := range seqs {
		out = append(out, wire.TracePoint{Seq: at, Sum: wire.TraceSum(b.raws[at-1])})
	}
	return out
}

// checkRetry: an entry that was set aside counts once it can be read, is the
// newest of its SKU's history from then on, and counts once.
func checkRetry(tb testing.TB, open Open) {
	tb.Helper()
	s, b := newShop(tb, open), NewBox("wh-0", 1)
	milk(tb, b, 3)
	b.Obscure()
	milk(tb, b, 3)
	b.Scribble([]byte("no entry at all"))
	s.settle(b)
	s.wantMilk("one aside", 5)
	r := inventory.Retry{Warehouse: "wh-0", Place: inventory.Place{Term: 1, Seq: 7}, By: "li", Why: "updated"}
	if _, refusal, err := s.Retry(s.Context(), r); refusal == nil || err != nil {
		s.Errorf("an entry that cannot be read is retried: %v, %v", refusal, err)
	}
	r.Place.Seq = 2
	if _, _, err := s.Retry(s.Context(), r); !errors.Is(err, inventory.ErrNotQuarantined) {
		s.Errorf("an entry that was not set aside is retried: %v", err)
	}
	r.Place.Seq = 3
	for range 2 { // the second gives the first's record
		q, refusal, err := s.Retry(s.Context(), r)
		must(tb, err)
		if refusal != nil || q.Retried == nil || q.Retried.OnHandAfter != 6 || q.Retried.By != "li" {
			s.Errorf("retry: %+v, %v", q, refusal)
		}
		s.wantMilk("retried", 6)
		s.restart()
	}
	if st, _ := s.Warehouse("wh-0"); st.Quarantined != 1 {
		s.Errorf("%d entries are set aside, want 1", st.Quarantined)
	}
	s.says(b, b.Hello())
	milk(tb, b, 1)
	s.settle(b)
	var got []stock.Seq
	for cursor := inventory.Cursor(""); ; {
		page, next, err := s.Movements(s.Context(), "wh-0", "milk", cursor, 2)
		must(tb, err)
		for _, e := range page {
			got = append(got, e.Entry.Seq)
		}
		if cursor = next; next == "" {
			break
		}
	}
	if want := []stock.Seq{8, 3, 6, 5, 4, 2, 1}; !slices.Equal(got, want) {
		s.Errorf("history %v, want %v", got, want)
	}
}

// checkRepair: a repair takes what was applied since into account, and is
// recorded and listed in pages.
func checkRepair(tb testing.TB, open Open) {
	tb.Helper()
	s, b := newShop(tb, open), NewBox("wh-0", 1)
	milk(tb, b, 4)
	b.Obscure()
	milk(tb, b, 2)
	b.Obscure() // after the statement
	milk(tb, b, 2)
	s.settle(b)
	s.wantMilk("two aside", 6)
	r := inventory.Repair{Warehouse: "wh-0", Session: b.Session, Statement: b.Statement(5), By: "li", Why: "counted"}
	got, refusal, err := s.Repair(s.Context(), r)
	must(tb, err)
	if refusal != nil || got.Done == nil || got.Done.Differ != 1 {
		s.Fatalf("repair: %+v, %v", got, refusal)
	}
	s.wantMilk("repaired, one aside", 7)
	if q, refusal, err := s.Retry(s.Context(), inventory.Retry{Warehouse: "wh-0", Place: inventory.Place{Term: 1, Seq: 4}, By: "li", Why: "again"}); refusal == nil || err != nil {
		s.Errorf("an entry that the repair has in it is applied again: %+v, %v", q, err)
	}
	_, refusal, err = s.Retry(s.Context(), inventory.Retry{Warehouse: "wh-0", Place: inventory.Place{Term: 1, Seq: 6}, By: "li", Why: "updated"})
	must(tb, err)
	if refusal != nil {
		s.Errorf("retry after the repair: %v", refusal)
	}
	s.wantMilk("all applied", 8)
	r.Statement = b.Statement(5)
	if got, refusal, err = s.Repair(s.Context(), r); refusal != nil || err != nil || got.Done == nil || got.Done.Differ != 0 {
		s.Errorf("a repair of what is right: %+v, %v, %v", got, refusal, err)
	}
	s.wantMilk("repaired again", 8)
	s.restart()
	first, next, err := s.Repairs(s.Context(), "wh-0", "", 1)
	must(tb, err)
	second, end, err := s.Repairs(s.Context(), "wh-0", next, 1)
	must(tb, err)
	if len(first) != 1 || len(second) != 1 || end != "" || first[0].Number != 2 || second[0].Number != 1 || second[0].Cells[0].After != 7 {
		s.Errorf("repairs %+v, then %+v, then %q", first, second, end)
	}
	for _, cursor := range []inventory.Cursor{"x", "0", "3", "1.1"} {
		if _, _, err := s.Repairs(s.Context(), "wh-0", cursor, 1); !errors.Is(err, inventory.ErrCursor) {
			s.Errorf("repairs from cursor %q: %v", cursor, err)
		}
	}
}
