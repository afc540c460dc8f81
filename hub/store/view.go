package store

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// view is what readers see: the state as of the newest synced group. One
// goroutine publishes; readers load pointers to values that never change, so
// they wait for nobody.
//
// A level is kept as the very row that was synced, a fraction of the size of
// its Go value, and unpacked by each reader.
type view struct {
	shops   atomic.Pointer[[]*shop] // by id
	items   atomic.Pointer[[]*inventory.ItemRow]
	log     changeLog
	changed bell // a level changed
	downs   bell // a down stream changed

	claimed  []place       // by number of the claim, from 1; the publisher's alone
	told     atomic.Uint64 // revision of the newest event
	retired  atomic.Uint64 // events up to it were let go of
	happened bell          // there are more events
}

// shop is one warehouse.
type shop struct {
	id       stock.Warehouse
	state    atomic.Pointer[inventory.WarehouseState]
	shelves  atomic.Pointer[[]*shelf]                 // by SKU
	policies atomic.Pointer[[]inventory.PolicyRow]    // in force, by SKU
	orders   atomic.Pointer[[]*inventory.Reservation] // those of the down stream, beside its pending keys
}

// shelf is one SKU of a shop.
type shelf struct {
	sku stock.SKU
	row atomic.Pointer[string]
	// face is nil as long as nobody ever claimed anything; then it counts, and
	// row is the publisher's note.
	face atomic.Pointer[face]
}

func newView() *view {
	v := new(view)
	v.shops.Store(new([]*shop))
	v.items.Store(new([]*inventory.ItemRow))
	return v
}

// publish shows a synced group. rows are those of its levels.
// Levels go before the states of their warehouses: who reads a state and then
// a level sees in the level at least what the state says is applied.
func (v *view) publish(c *inventory.Changes, rows packed) {
	if len(c.Items) > 0 {
		v.publishItems(c.Items)
	}
	marks := v.publishLevels(c.Levels, rows.levels)
	v.publishLevels(c.Settled, rows.settled) // their revision is the old one: nobody has to be told
	marks = v.publishClaims(c, marks)
	v.refaceLevels(c.Levels)
	v.refaceLevels(c.Settled)
	v.publishPolicies(c.Policies)
	for i := range c.Warehouses {
		st := c.Warehouses[i]
		s := v.open(st.Warehouse)
		if old := s.state.Load(); old != nil {
			st.Down = old.Down
		}
		s.state.Store(&st)
	}
	for i := range c.Downs {
		s := v.open(c.Downs[i].Warehouse)
		var st inventory.WarehouseState
		if old := s.state.Load(); old != nil {
			st = *old
		}
		st.Down = c.Downs[i].DownState
		s.orders.Store(&c.Downs[i].Orders)
		s.state.Store(&st)
	}
	if len(marks) > 0 {
		v.log.append(marks)
		v.changed.ring()
	}
	if len(c.Downs) > 0 {
		v.downs.ring()
	}
	v.publishEvents(c)
}

func (v *view) publishItems(rows []inventory.ItemRow) {
	items := slices.Clone(*v.items.Load())
	for i := range rows {
		row := rows[i]
		if at, ok := slices.BinarySearchFunc(items, row.SKU, bySKU); ok {
			items[at] = &row
		} else {
			items = slices.Insert(items, at, &row)
		}
	}
	v.items.Store(&items)
}

func bySKU(it *inventory.ItemRow, sku stock.SKU) int { return cmp.Compare(it.SKU, sku) }

// publishLevels stores the rows and gives what the log has to know of them.
func (v *view) publishLevels(levels []inventory.Level, rows []string) []mark {
	if len(levels) == 0 {
		return nil
	}
	marks := make([]mark, len(levels))
	fresh := make(map[*shop][]*shelf) // SKUs that a shop did not have
	for i := range levels {
		l := &levels[i]
		s := v.open(l.Warehouse)
		sh := s.shelf(l.SKU)
		if sh == nil {
			sh = &shelf{sku: l.SKU}
			fresh[s] = append(fresh[s], sh)
		}
		row := rows[i] // a copy: a pointer into rows would keep the whole group in memory
		sh.row.Store(&row)
		marks[i] = mark{l.Revision, s, sh}
	}
	for s, shelves := range fresh {
		s.add(shelves)
	}
	return marks
}

// open finds the shop of a warehouse, or opens one. Only the publisher calls it.
func (v *view) open(w stock.Warehouse) *shop {
	shops := *v.shops.Load()
	at, ok := slices.BinarySearchFunc(shops, w, byID)
	if ok {
		return shops[at]
	}
	s := &shop{id: w}
	s.shelves.Store(new([]*shelf))
	shops = slices.Insert(slices.Clone(shops), at, s)
	v.shops.Store(&shops)
	return s
}

func byID(s *shop, w stock.Warehouse) int { return cmp.Compare(s.id, w) }

// shop finds a warehouse, or nil.
func (v *view) shop(w stock.Warehouse) *shop {
	shops := *v.shops.Load()
	if at, ok := slices.BinarySearchFunc(shops, w, byID); ok {
		return shops[at]
	}
	return nil
}

// add puts in SKUs that the shop did not have. A warehouse learns a new SKU
// rarely, so copying the list then is cheaper than any map on every read.
func (s *shop) add(fresh []*shelf) {
	slices.SortFunc(fresh, func(a, b *shelf) int { return cmp.Compare(a.sku, b.sku) })
	old := *s.shelves.Load()
	merged := make([]*shelf, 0, len(old)+len(fresh))
	for len(old) > 0 && len(fresh) > 0 {
		from := &old
		if fresh[0].sku < old[0].sku {
			from = &fresh
		}
		merged = append(merged, (*from)[0])
		*from = (*from)[1:]
	}
	merged = append(append(merged, old...), fresh...)
	s.shelves.Store(&merged)
}

// shelf finds a SKU, or nil.
func (s *shop) shelf(sku stock.SKU) *shelf {
	shelves := *s.shelves.Load()
	if at, ok := slices.BinarySearchFunc(shelves, sku, byShelf); ok {
		return shelves[at]
	}
	return nil
}

func byShelf(s *shelf, sku stock.SKU) int { return cmp.Compare(s.sku, sku) }

// moment is what the levels of a shop do not carry themselves, as of one state.
type moment struct{ applied, reported stock.Seq }

// moment gives the state that belongs to the levels of a shop. Take it before
// them: see publish.
func (s *shop) moment() moment {
	st := s.state.Load()
	switch {
	case st == nil:
		return moment{}
	case st.Reported != nil:
		return moment{st.Applied, st.Reported.Until}
	}
	return moment{applied: st.Applied}
}

// level unpacks a level. The row was read back or written by this process and
// is covered by the database's checksums, so it unpacks.
func (v *view) level(s *shop, sh *shelf, f face, m moment) inventory.Level {
	l, _ := unpackLevel(s.id, sh.sku, *f.row)
	l.Applied, l.Reported = m.applied, m.reported
	l.Held, l.Committed, l.Channels, l.Revision = f.held, f.committed, f.channels, f.revision
	l.Policy = s.policyOf(sh.sku)
	items := *v.items.Load()
	if at, ok := slices.BinarySearchFunc(items, sh.sku, bySKU); ok {
		l.Removed = items[at].Removed
	}
	return l
}
