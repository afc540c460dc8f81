package inventory_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// scene is a Book and the words that boxes and tests speak with it.
type scene struct {
	*testing.T
	book *inventory.Book
	last inventory.Result
}

func newScene(t *testing.T) *scene { t.Helper(); return &scene{T: t, book: newBook()} }

// says gives a command to the Book; the box hears the answer.
func (s *scene) says(b *storetest.Box, c inventory.Command) inventory.Result {
	s.Helper()
	results, _ := s.book.Apply(now, []inventory.Command{c})
	s.last = results[0]
	if b != nil {
		b.Hear(s.last)
	}
	return s.last
}

func (s *scene) hello(b *storetest.Box) inventory.Welcome {
	s.Helper()
	w, ok := s.says(b, b.Hello()).(inventory.Welcome)
	if !ok {
		s.Fatalf("hello of %s: %v", b.Warehouse, s.last)
	}
	return w
}

func (s *scene) works(b *storetest.Box, n int) {
	s.Helper()
	for range n {
		b.Move(s.T, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 1})
	}
}

// sends sends a run and wants everything up to an entry stored.
func (s *scene) sends(b *storetest.Box, in *inventory.Ingest, applied stock.Seq) inventory.Ingested {
	s.Helper()
	got, ok := s.says(b, in).(inventory.Ingested)
	if !ok || got.Applied != applied {
		s.Errorf("run %d to %d of %s: %+v, want applied %d", in.From, in.To(), b.Warehouse, s.last, applied)
	}
	return got
}

// refused wants a refusal for a reason, with a word of advice in it.
func (s *scene) refused(c inventory.Command, why inventory.Reason, advice string) {
	s.Helper()
	before := s.book.Revision()
	r, ok := s.says(nil, c).(*inventory.Refusal)
	if !ok || r.Reason != why || !strings.Contains(r.Message, advice) {
		s.Errorf("%T is answered %v, want a refusal for %s that says %q", c, s.last, why, advice)
	}
	if s.book.Revision() != before {
		s.Error("a refusal changed a level")
	}
}

func (s *scene) wantOnHand(want int64) {
	s.Helper()
	var got int64
	for _, l := range s.book.Rows().Levels {
		got += l.OnHand
	}
	if got != want {
		s.Errorf("on hand %d, want %d", got, want)
	}
}

// state gives the only warehouse there is.
func (s *scene) state() inventory.WarehouseState {
	s.Helper()
	all := s.book.Rows().Warehouses
	if len(all) != 1 {
		s.Fatalf("%d warehouses are known", len(all))
	}
	return all[0]
}

func TestIngest_CountsEachEntryOnce(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	if w := s.hello(b); !w.New || w.Applied != 0 || w.Head != stock.Genesis(b.Epoch) {
		t.Errorf("welcome of a new warehouse: %+v", w)
	}
	s.works(b, 10)
	s.sends(b, b.Batch(1, 4), 4)
	s.sends(b, b.Batch(1, 4), 4) // a repetition
	s.sends(b, b.Batch(2, 3), 4) // an old part of it
	if got := s.sends(b, b.Batch(3, 6), 6); got.Stored != 2 {
		t.Errorf("an overlap stores %d entries, want 2", got.Stored)
	}
	if got := s.sends(b, b.Batch(8, 10), 6); got.Want != 7 || got.Stored != 0 {
		t.Errorf("a gap is answered %+v, want 7", got)
	}
	if got := s.sends(b, b.Batch(7, 6), 6); got.Want != 0 {
		t.Errorf("an empty run is answered %+v", got)
	}
	s.sends(b, b.Batch(1, 10), 10)
	s.wantOnHand(10)
	if w := s.hello(b); w.New || w.Applied != 10 || w.Head != b.HeadAt(10) {
		t.Errorf("welcome after ten entries: %+v", w)
	}
}

func TestHello_ARepetitionChangesNothing(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	first := s.hello(b)
	again, ok := s.says(nil, b.HelloAgain()).(inventory.Welcome)
	first.New = false
	if !ok || again != first {
		t.Errorf("the repetition is answered %+v, the first was %+v", s.last, first)
	}
	if w := s.hello(b); w != first {
		t.Errorf("a new hello of the same boot is answered %+v, want %+v", w, first)
	}
}

func TestHello_ALateCopyIsNoFork(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	s.updates(items(1, 3)...)
	first := b.Hello()
	s.says(b, first)
	s.hello(b)
	s.works(b, 3)
	s.sends(b, b.Rest(3), 3)
	s.stores(b, 2)
	before := s.book.Rows()
	w, ok := s.says(nil, first).(inventory.Welcome)
	if !ok || w.Session != b.Session || w.Applied != 3 || w.Head != b.HeadAt(3) {
		t.Errorf("the late copy is answered %+v", s.last)
	}
	if diff := cmp.Diff(before, s.book.Rows()); diff != "" {
		t.Errorf("the late copy changed (-before +after):\n%s", diff)
	}
}

func TestSession_ALaterBootFencesTheOneBefore(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	old := s.hello(b).Session
	s.works(b, 2)
	late := b.Batch(1, 1)
	b.Start(2)
	if now := s.hello(b).Session; now <= old {
		t.Errorf("session %d follows %d", now, old)
	}
	s.refused(late, inventory.ReasonSession, "say hello again")
	s.sends(b, b.Batch(1, 2), 2)
	s.wantOnHand(2)
}

func TestClone_TwoBootsThatTakeTurns(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	s.hello(b)
	stale, copied := b.HelloAgain(), *b
	b.Start(2)
	s.hello(b)
	s.refused(stale, inventory.ReasonSession, "copy of an earlier hello")
	s.hello(&copied) // once is no turn: see below
	if got := s.state().Clones; got != 0 {
		t.Errorf("a stale hello and a boot that comes back count as %d clones", got)
	}
	s.refused(b.Hello(), inventory.ReasonClone, "stop one of them")
	if st := s.state(); st.Clones != 1 || st.Cloned.IsZero() || st.Box.Boot != copied.Boot {
		t.Errorf("after a clone: %+v", st)
	}
	s.works(&copied, 1)
	s.sends(&copied, copied.Rest(1), 1) // the box that has the session goes on
}

// A process that was killed soon after it started can be heard for the first
// time when its successor is at work already: what the network held up is not
// a second box, and the successor comes back.
func TestClone_TheLateHelloOfADeadProcessIsNone(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	s.hello(b)
	b.Start(2)
	late := b.Hello()
	for number := range 3 {
		b.Start(10 + number)
		s.hello(b)
		if number == 0 {
			if _, ok := s.says(nil, late).(inventory.Welcome); !ok {
				t.Fatalf("the late hello: %v, so this test shows nothing", s.last)
			}
			s.hello(b)
		}
		s.refused(late, inventory.ReasonSession, "copy of an earlier hello")
		s.works(b, 1)
		s.sends(b, b.Rest(1), stock.Seq(number+1))
	}
	if got := s.state().Clones; got != 0 {
		t.Errorf("%d clones", got)
	}
}

// Of two boxes that took turns one was stopped, and it was the one that had the
// session: the other goes on once nobody else gives a sign of life.
func TestClone_TheOneThatIsLeftGoesOn(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	s.hello(b)
	copied := *b
	b.Start(2)
	s.hello(b)
	s.hello(&copied)
	s.refused(b.Hello(), inventory.ReasonClone, "stop one of them")
	b.May = true
	s.hello(b)
	s.works(b, 1)
	s.sends(b, b.Rest(1), 1)
}

func TestClone_ManyRestartsAreNone(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	for number := range 30 {
		b.Start(number)
		s.hello(b)
	}
	if st := s.state(); st.Clones != 0 || len(st.Superseded) != 8 {
		t.Errorf("30 restarts: %d clones, %d boots remembered", st.Clones, len(st.Superseded))
	}
}

func TestFork_IsSeenWhereverItBegins(t *testing.T) {
	for _, tt := range []struct {
		name   string
		spoil  func(s *scene, b *storetest.Box) inventory.Command
		advice string
	}{
		{"the ledger ends before what is stored", func(_ *scene, b *storetest.Box) inventory.Command {
			b.RollBack(5)
			return b.Hello()
		}, "went back to an older copy"},
		{"another entry at the place of the last", func(s *scene, b *storetest.Box) inventory.Command {
			b.RollBack(7)
			b.Scribble([]byte("another"))
			return b.Hello()
		}, "differs from what the hub has stored up to entry 8"},
		{"it went on beyond what is stored", func(s *scene, b *storetest.Box) inventory.Command {
			b.RollBack(6)
			b.Move(s.T, stock.Movement{Kind: stock.Waste, SKU: "milk", Delta: -1})
			s.works(b, 6)
			s.hello(b) // its head is beyond what the hub can check
			return b.Batch(9, 13)
		}, "do not follow"},
		{"the same, in a run that overlaps", func(s *scene, b *storetest.Box) inventory.Command {
			b.RollBack(6)
			b.Move(s.T, stock.Movement{Kind: stock.Waste, SKU: "milk", Delta: -1})
			s.works(b, 6)
			return b.Batch(5, 13)
		}, "do not follow"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, b := newScene(t), storetest.NewBox("sz-1", 1)
			s.hello(b)
			s.works(b, 8)
			s.sends(b, b.Rest(8), 8)
			s.refused(tt.spoil(s, b), inventory.ReasonFork, tt.advice)
			s.wantOnHand(8)
		})
	}
}

func TestHello_OfAnUnknownWarehouse(t *testing.T) {
	strict := inventory.NewBook(inventory.Config{})
	b := storetest.NewBox("sz-1", 1)
	s := &scene{T: t, book: strict}
	s.refused(b.Hello(), inventory.ReasonWarehouse, "enrol it")
	s.book = newBook()
	s.refused(b.Batch(1, 0), inventory.ReasonWarehouse, "not enrolled")
	s.refused(inventory.DownStored{Warehouse: "sz-1"}, inventory.ReasonWarehouse, "not enrolled")
	bad := b.Hello()
	bad.Warehouse = "Bad Name"
	s.refused(bad, inventory.ReasonInvalid, "warehouse id")
	for name, spoil := range map[string]func(h *inventory.Hello){
		"epoch":      func(h *inventory.Hello) { h.Position.Epoch = stock.Epoch{} },
		"boot":       func(h *inventory.Hello) { h.Boot = inventory.Boot{} },
		"down epoch": func(h *inventory.Hello) { h.NewDownEpoch = stock.Epoch{} },
	} {
		h := b.Hello()
		spoil(&h)
		s.refused(h, inventory.ReasonInvalid, name)
	}
	if rows := s.book.Rows(); len(rows.Warehouses) != 0 {
		t.Errorf("refused hellos leave %d warehouses", len(rows.Warehouses))
	}
}

func TestQuarantine_ABadEntryNeverStopsTheLine(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	s.hello(b)
	s.works(b, 2)
	b.Scribble([]byte("no entry at all"))
	s.works(b, 1)
	other := storetest.NewBox("sz-1", 9)
	s.works(other, 1)
	b.Scribble(other.Batch(1, 1).Entries[0].Raw) // calls itself entry 1, is entry 5
	s.works(b, 1)
	results, changes := s.book.Apply(now, []inventory.Command{b.Rest(100)})
	got, ok := results[0].(inventory.Ingested)
	if !ok || got.Applied != 6 || got.Quarantined != 2 || got.Stored != 6 {
		t.Errorf("answered %+v", results[0])
	}
	s.wantOnHand(4)
	if len(changes.Quarantined) != 2 {
		t.Fatalf("%d entries set aside, want 2", len(changes.Quarantined))
	}
	q := changes.Quarantined
	if string(q[0].Raw) != "no entry at all" || q[0].Place != (inventory.Place{Term: 1, Seq: 3}) || q[0].Reason == "" {
		t.Errorf("first: %+v", q[0])
	}
	if q[1].Place.Seq != 5 || !strings.Contains(q[1].Reason, "position 5 calls itself 1") {
		t.Errorf("second: %+v", q[1])
	}
	if st := s.state(); st.Quarantined != 2 {
		t.Errorf("%d counted", st.Quarantined)
	}
}

func TestDigest_ADifferenceShowsUntilItIsGone(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	s.hello(b)
	s.works(b, 3)
	in := b.Rest(3)
	*in.Digest++
	if got := s.sends(b, in, 3); !got.Diverged {
		t.Error("a wrong digest is not noticed")
	}
	d := s.state().Divergence
	if d == nil || d.Seq != 3 || d.Agent != *in.Digest || d.Hub == d.Agent || d.Since.IsZero() {
		t.Errorf("divergence %+v", d)
	}
	partly := b.Batch(1, 2)
	if got := s.sends(b, partly, 3); !got.Diverged {
		t.Error("a run without a digest clears the divergence")
	}
	if got := s.sends(b, b.Batch(3, 3), 3); got.Diverged {
		t.Error("the right digest at the same entry does not clear the divergence")
	}
	if d := s.state().Divergence; d != nil {
		t.Errorf("divergence %+v after the two agreed", d)
	}
}
