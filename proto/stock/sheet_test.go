package stock_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/forestock/forestock/proto/stock"
)

// toy is the sheet in ten lines: a map of cells, and the first dates of each lot.
type toy struct {
	cells map[stock.Cell]int64
	lots  map[stock.Cell]stock.LotInfo // by SKU and lot
}

func (m *toy) apply(v stock.Movement) {
	m.cells[v.Cell()] += v.Delta
	if v.To != "" {
		m.cells[stock.Cell{SKU: v.SKU, Lot: v.Lot, Bin: v.To}] -= v.Delta
	}
	lot := stock.Cell{SKU: v.SKU, Lot: v.Lot}
	seen := m.lots[lot]
	if seen.Expiry == 0 {
		seen.Expiry = v.Expiry
	}
	if seen.Produced == 0 {
		seen.Produced = v.Produced
	}
	seen.Lot = v.Lot
	m.lots[lot] = seen
}

func drawMovement(t *rapid.T) stock.Movement {
	m := stock.Movement{
		Kind:  stock.Adjust,
		SKU:   rapid.SampledFrom([]stock.SKU{"milk", "egg"}).Draw(t, "sku"),
		Lot:   rapid.SampledFrom([]stock.Lot{"", "L1", "L2", "L3"}).Draw(t, "lot"),
		Bin:   rapid.SampledFrom([]stock.Bin{"", "A", "B"}).Draw(t, "bin"),
		Delta: rapid.Int64Range(-5, 5).Draw(t, "delta"),
	}
	if rapid.Bool().Draw(t, "dated") {
		m.Expiry = rapid.SampledFrom([]stock.Date{0, 20270131, 20261231, 20270201}).Draw(t, "expiry")
		m.Produced = rapid.SampledFrom([]stock.Date{0, 20260131}).Draw(t, "produced")
	}
	if rapid.Bool().Draw(t, "move") {
		m.To = rapid.SampledFrom([]stock.Bin{"C", "D"}).Draw(t, "to")
	}
	return m
}

func TestSheet_IsTheToy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := toy{make(map[stock.Cell]int64), make(map[stock.Cell]stock.LotInfo)}
		var s stock.Sheet
		for _, v := range rapid.SliceOf(rapid.Custom(drawMovement)).Draw(t, "movements") {
			s.Apply(&v)
			m.apply(v)
		}
		compare(t, &s, &m)
		clone := s.Clone()
		compare(t, &clone, &m)
		clone.Apply(&stock.Movement{SKU: "milk", Lot: "L1", Bin: "A", Delta: 1, Produced: 20200101})
		clone.Apply(&stock.Movement{SKU: "new", Delta: 1})
		compare(t, &s, &m) // what is done to a clone stays there
		restored := restore(&s)
		compare(t, &restored, &m)
	})
}

// restore builds a sheet as it is read back from a checkpoint.
func restore(s *stock.Sheet) stock.Sheet {
	var out stock.Sheet
	for sku := range s.SKUs() {
		for _, l := range s.Levels(sku) {
			out.Set(l, s.Lot(sku, l.Lot).Produced)
		}
		for _, lot := range s.Lots(sku) {
			cell := stock.Cell{SKU: sku, Lot: lot.Lot}
			out.Set(stock.Level{Cell: cell, OnHand: s.OnHand(cell), Expiry: lot.Expiry}, lot.Produced)
		}
	}
	return out
}

func compare(t *rapid.T, s *stock.Sheet, m *toy) {
	t.Helper()
	cells := 0
	levels := make(map[stock.Cell]int64)
	for c, want := range m.cells {
		if got := s.OnHand(c); got != want {
			t.Fatalf("on hand of %+v = %d, want %d", c, got, want)
		}
		if want != 0 {
			levels[c] = want
			cells++
		}
	}
	if s.Cells() != cells {
		t.Fatalf("%d cells, want %d", s.Cells(), cells)
	}
	found := make(map[stock.Cell]int64)
	for sku := range s.SKUs() {
		list := s.Levels(sku)
		for i, l := range list {
			found[l.Cell] = l.OnHand
			if want := m.lots[stock.Cell{SKU: sku, Lot: l.Lot}].Expiry; l.Expiry != want {
				t.Fatalf("expiry of %+v = %v, want the first that was named, %v", l.Cell, l.Expiry, want)
			}
			if i > 0 && !ordered(list[i-1], l) {
				t.Fatalf("%+v stands before %+v", list[i-1], l)
			}
		}
	}
	if diff := cmp.Diff(levels, found); diff != "" {
		t.Fatalf("levels: %s", diff)
	}
	for cell, want := range m.lots {
		if got := s.Lot(cell.SKU, cell.Lot); got != want {
			t.Fatalf("lot %+v = %+v, want %+v", cell, got, want)
		}
	}
	if s.Digest() != s.Recount() {
		t.Fatal("the digest that was kept up to date is not that of the cells")
	}
}

// ordered reports whether a stands rightly before b: first expiring first, no
// date last.
func ordered(a, b stock.Level) bool {
	if a.Expiry != b.Expiry {
		return a.Expiry != 0 && (b.Expiry == 0 || a.Expiry < b.Expiry)
	}
	if a.Lot != b.Lot {
		return a.Lot < b.Lot
	}
	return a.Bin < b.Bin
}

func TestSheet_OfNothing(t *testing.T) {
	var s stock.Sheet
	if s.OnHand(stock.Cell{SKU: "milk"}) != 0 || s.Levels("milk") != nil || s.Lots("milk") != nil || s.Cells() != 0 {
		t.Error("an empty sheet has levels")
	}
	if got := s.Lot("milk", "L1"); got != (stock.LotInfo{Lot: "L1"}) {
		t.Errorf("lot of an empty sheet = %+v", got)
	}
	if (s.Digest() != stock.Digest{}) {
		t.Error("the digest of an empty sheet is not zero")
	}
}

func TestDigest_DoesNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		movements := rapid.SliceOf(rapid.Custom(drawMovement)).Draw(t, "movements")
		shuffled := rapid.Permutation(movements).Draw(t, "shuffled")
		var a, b stock.Sheet
		for i := range movements {
			a.Apply(&movements[i])
			b.Apply(&shuffled[i])
		}
		one, other := a.Digest(), b.Digest()
		if one != other || one.Root() != other.Root() {
			t.Fatal("the same movements in another order give another digest")
		}
	})
}

func TestDigest_SeesADifferenceInOneCell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s stock.Sheet
		for _, m := range rapid.SliceOf(rapid.Custom(drawMovement)).Draw(t, "movements") {
			s.Apply(&m)
		}
		before := s.Digest()
		cell := stock.Cell{SKU: "milk", Lot: stock.Lot(rapid.StringMatching(`[A-Z0-9]{0,9}`).Draw(t, "lot")), Bin: "A"}
		delta := rapid.Int64().Filter(func(n int64) bool { return n != 0 }).Draw(t, "delta")
		after := before
		after.Add(cell, delta)
		if after[cell.Bucket()] == before[cell.Bucket()] || after.Root() == before.Root() {
			t.Fatalf("%d more at %+v does not show", delta, cell)
		}
		after[cell.Bucket()] = before[cell.Bucket()]
		if after != before {
			t.Fatal("a cell changed a bucket that is not its own")
		}
	})
}

func TestDigest_TellsCellsApart(t *testing.T) {
	cells := []stock.Cell{{SKU: "a", Lot: "b", Bin: "c"}, {SKU: "ab", Bin: "c"}, {SKU: "a", Bin: "bc"}, {SKU: "a", Lot: "bc"}, {SKU: "abc"}, {SKU: "a", Lot: "c", Bin: "b"}}
	seen := make(map[uint64]stock.Cell)
	for _, c := range cells {
		var d stock.Digest
		d.Add(c, 1)
		if other, ok := seen[d.Root()]; ok {
			t.Errorf("%+v and %+v have one digest", c, other)
		}
		seen[d.Root()] = c
	}
	if len(slices.Collect(maps.Keys(seen))) != len(cells) {
		t.Error("some cells have the same digest")
	}
}

// A digest is compared between two programs, so its values are part of the protocol.
func TestDigest_IsAsAgreed(t *testing.T) {
	var d stock.Digest
	d.Add(stock.Cell{SKU: "milk", Lot: "L1", Bin: "A-01"}, 12)
	d.Add(stock.Cell{SKU: "egg"}, -3)
	if got, want := d.Root(), uint64(0xdfc400514939f8fe); got != want {
		t.Errorf("root = %#x, want %#x", got, want)
	}
}
