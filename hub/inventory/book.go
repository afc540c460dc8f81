package inventory

import (
	"strings"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Config is what an operator decides about the Book.
type Config struct {
	// AutoEnrol lets a warehouse in with its first hello. Without it, the hello
	// of an unknown warehouse is refused.
	AutoEnrol bool
	// Zone is where the platform's day begins, which decides whether a lot is
	// expired; nil is UTC.
	Zone *time.Location
	// Keep is how long a reservation that ended is remembered, and its events
	// can be told again; 0 means DefaultKeep.
	Keep time.Duration
}

// DefaultKeep is how long a reservation that ended is remembered.
const DefaultKeep = 48 * time.Hour

// Book is the state of all warehouses.
type Book struct {
	config     Config
	warehouses map[stock.Warehouse]*warehouse
	catalogue  catalogue
	revision   Revision
	names      names
	desk       desk
	scratch    scratch
	untidy     bool // rows were loaded since tidy
}

// warehouse is the state of one warehouse. Nothing in it refers to another
// warehouse, so that warehouses can be divided among Books.
type warehouse struct {
	state WarehouseState // Down is kept apart, in down
	down  DownState
	sheet stock.Sheet // the fold: the sum of all entries that are stored
	aside aside       // what readers see where it is not the fold
	lines roll

	promises []*promise       // of the SKUs that somebody wanted to reserve, in no order
	slots    []uint32         // slots of the reservations that are in memory, in no order
	picked   map[Place]uint32 // slots, by the entries that picked for them
	asks     []ask            // orders without a number on the down stream, oldest first; some are out of date
	asking   int              // how many of asks are not
	policies map[stock.SKU]PolicyRow

	// What the Apply under way has changed.
	stateChanged, downChanged bool
}

// line is what the Book knows of a SKU in a warehouse beside its cells.
type line struct {
	sku      stock.SKU
	promise  *promise // nil until somebody wants to reserve it
	onHand   int64    // of the fold, over all cells
	revision Revision
	seq      stock.Seq // last entry that changed the fold, and its term; two fields, so that a line takes less room
	term     Term
	dirty    dirt // what the Apply under way has changed
}

// dirt says which rows of a line an Apply has to write.
type dirt uint8

const (
	revised dirt = 1 << iota // the level, with a new revision
	settled                  // the level, which is as it was
	folded                   // the fold, if it is not what readers see
)

func (l *line) newest() Place { return Place{l.term, l.seq} }

// NewBook gives an empty Book.
func NewBook(c Config) *Book {
	return &Book{config: c, warehouses: make(map[stock.Warehouse]*warehouse)}
}

// Apply applies the commands in their order, all at the time now, and gives
// one result for each. A command that is refused changes nothing but the
// counters that tell an operator of it. What changed has to be made durable
// before anybody is told.
func (b *Book) Apply(now time.Time, cmds []Command) ([]Result, Changes) {
	// Without the monotonic clock, and as coarse as it is stored.
	s := &step{
		book: b, commands: len(cmds), changes: Changes{Time: now.Round(0).Truncate(time.Millisecond).UTC()},
		promises: b.scratch.promises[:0], lined: b.scratch.lined[:0],
	}
	b.tidy()
	if b.desk.tick(s.now(), b.config.Zone) {
		s.newDay()
	}
	s.expire()
	results := make([]Result, len(cmds))
	for i, c := range cmds {
		results[i] = c.apply(s)
		s.settle()
	}
	changes := s.collect()
	b.scratch.promises, b.scratch.lined = s.promises, s.lined
	return results, changes
}

// Revision gives the newest revision.
func (b *Book) Revision() Revision { return b.revision }

// names keeps one copy of every SKU, lot and bin, because a thousand
// warehouses name the same ones.
type names map[string]string

func (n *names) of(s string) string {
	if s == "" {
		return ""
	}
	if kept, ok := (*n)[s]; ok {
		return kept
	}
	if *n == nil {
		*n = make(names)
	}
	s = strings.Clone(s) // s may be a part of something much longer
	(*n)[s] = s
	return s
}

func newWarehouse(w stock.Warehouse) *warehouse {
	return &warehouse{state: WarehouseState{Warehouse: w}}
}

// line gives the line of a SKU, a new one if it has none. Readers know every
// SKU that has a line, be it only the fold that knows more of it.
func (w *warehouse) line(s *step, sku stock.SKU) *line {
	l := w.lines.find(sku)
	if l == nil {
		l = w.lines.add(sku)
		if w.state.Reported != nil {
			s.touchLine(w, sku, l)
		}
	}
	return l
}
