package uplink_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// bookStore is the hub's store in memory: the real Book, and what it changed as
// rows, so that the hub can be restarted and set back to an older copy.
type bookStore struct {
	mu      sync.RWMutex
	book    *inventory.Book
	states  map[stock.Warehouse]inventory.WarehouseState
	downs   map[stock.Warehouse]inventory.DownState
	levels  map[stock.Warehouse]map[stock.SKU]inventory.Level
	items   map[stock.SKU]stock.Item
	changed chan struct{}
	latency time.Duration // of one Apply
	err     error         // what Apply fails with
	applies int
}

func newBookStore() *bookStore {
	s := &bookStore{changed: make(chan struct{})}
	s.reload(inventory.Changes{})
	return s
}

// reload makes the store what the rows say.
func (s *bookStore) reload(rows inventory.Changes) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book = inventory.NewBook(inventory.Config{AutoEnrol: true})
	s.states, s.downs = make(map[stock.Warehouse]inventory.WarehouseState), make(map[stock.Warehouse]inventory.DownState)
	s.levels, s.items = make(map[stock.Warehouse]map[stock.SKU]inventory.Level), make(map[stock.SKU]stock.Item)
	s.book.Load(&rows)
	s.show(&rows)
}

// backup gives a copy of everything that is stored.
func (s *bookStore) backup() inventory.Changes {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.book.Rows()
}

func (s *bookStore) show(c *inventory.Changes) {
	for _, st := range c.Warehouses {
		s.states[st.Warehouse] = st
	}
	for _, d := range c.Downs {
		s.downs[d.Warehouse] = d.DownState
	}
	for _, l := range c.Levels {
		if s.levels[l.Warehouse] == nil {
			s.levels[l.Warehouse] = make(map[stock.SKU]inventory.Level)
		}
		s.levels[l.Warehouse][l.SKU] = l
	}
	for _, it := range c.Items {
		s.items[it.SKU] = it.Item
	}
	if len(c.Downs) > 0 {
		close(s.changed)
		s.changed = make(chan struct{})
	}
}

func (s *bookStore) Apply(ctx context.Context, cmds ...inventory.Command) ([]inventory.Result, error) {
	s.mu.RLock()
	latency, err := s.latency, s.err
	s.mu.RUnlock()
	if latency > 0 {
		time.Sleep(latency)
	}
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applies++
	results, changes := s.book.Apply(time.Now(), cmds)
	s.show(&changes)
	return results, nil
}

func (s *bookStore) slow(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = d
}

func (s *bookStore) Warehouse(w stock.Warehouse) (inventory.WarehouseState, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	st, ok := s.states[w]
	st.Down = s.downs[w]
	return st, ok
}

func (s *bookStore) Levels(w stock.Warehouse, after stock.SKU, n int) []inventory.Level {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var skus []stock.SKU
	for sku := range s.levels[w] {
		if sku > after {
			skus = append(skus, sku)
		}
	}
	slices.Sort(skus)
	var out []inventory.Level
	for _, sku := range skus[:min(n, len(skus))] {
		out = append(out, s.levels[w][sku])
	}
	return out
}

func (s *bookStore) Down(w stock.Warehouse, after stock.Seq, n int) stock.DownBatch {
	s.mu.RLock()
	defer s.mu.RUnlock()
	d := s.downs[w]
	b := stock.DownBatch{Epoch: d.Epoch, From: after + 1}
	if after < d.Stored || after >= d.Last() {
		return b
	}
	for _, k := range d.Pending[after-d.Stored:] {
		if len(b.Entries) == n {
			break
		}
		it := s.items[k.Item]
		b.Entries = append(b.Entries, stock.Down{Item: &it})
	}
	return b
}

func (s *bookStore) DownChanged() <-chan struct{} {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.changed
}

// No scenario over this store replaces a box or repairs a divergence: whole-system
// tests do, over the real one.

func (s *bookStore) Statement(stock.Warehouse) (stock.Statement, error) {
	return stock.Statement{}, inventory.ErrNotFrozen
}

func (s *bookStore) Trace(context.Context, stock.Warehouse, stock.Epoch, []wire.TracePoint) (stock.Seq, error) {
	return 0, inventory.ErrNotFrozen
}

func (s *bookStore) Booked(context.Context, stock.Warehouse, stock.Epoch, int) ([]stock.Booked, error) {
	return nil, inventory.ErrNotFrozen
}

func (s *bookStore) Repair(context.Context, inventory.Repair) (inventory.Repairing, *inventory.Refusal, error) {
	return inventory.Repairing{}, nil, inventory.ErrNotFrozen
}
