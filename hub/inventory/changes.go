package inventory

import (
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Changes is what one Apply changed: absolute rows, which a store writes in
// one commit. Applied in order to an empty Book with Load, they make an equal
// Book. A store first forgets what Emptied and Joined say, then writes the rows.
type Changes struct {
	Time time.Time
	// Emptied are warehouses that opened a new epoch: their lots are forgotten.
	// Their levels are all among Levels or Folds.
	Emptied []stock.Warehouse
	// Joined are warehouses whose readers see the hub's own sum again: none of
	// their Folds is of use any more.
	Joined     []stock.Warehouse
	Warehouses []WarehouseState // without Down
	Downs      []DownRow
	Levels     []Level // by revision
	// Settled are levels that are as they were, but for what explains them:
	// their revision is the old one, and no watch has to tell of them.
	Settled []Level
	// Folds are the hub's own sums where readers see what was stated instead.
	Folds       []Level
	Lots        []LotRow
	Items       []ItemRow // by version
	Runs        []Run     // history: no Book needs them
	Quarantined []Quarantined
	Discarded   []Discarded
	Retried     []Retried
	Events      []Event // of reservations, by revision; the newest of each is its record
	Claims      []Claim // by revision; only readers need them
	Policies    []PolicyRow
	Ended       []EndedRow // only in what Rows gives
	// Retired is the revision up to which events are let go of; zero for none.
	Retired  Revision
	Repaired []Repaired
}

// Empty reports whether nothing changed.
func (c *Changes) Empty() bool {
	return len(c.Warehouses)+len(c.Downs)+len(c.Levels)+len(c.Settled)+len(c.Folds)+len(c.Lots)+len(c.Items)+
		len(c.Runs)+len(c.Quarantined)+len(c.Discarded)+len(c.Retried)+len(c.Repaired)+
		len(c.Events)+len(c.Policies) == 0 && c.Retired == 0
}

// DownRow is the down stream of a warehouse.
type DownRow struct {
	Warehouse stock.Warehouse
	DownState
	// Orders are the reservations that Pending names, as they are now. A store
	// does not write them: they have rows of their own.
	Orders []*Reservation
}

// LotRow is what is known of a lot, for as long as the epoch lasts: a lot that
// is sold out keeps its dates.
type LotRow struct {
	Warehouse stock.Warehouse
	SKU       stock.SKU
	stock.LotInfo
}

// ItemRow is an item and the version of the catalogue that it came with.
type ItemRow struct {
	stock.Item
	Version uint64
}

// Run is contiguous entries of one warehouse, as they came in.
type Run struct {
	Warehouse stock.Warehouse
	From      Place
	Entries   []Kept
}

// Kept is an entry with what explains it. Previous entries of a SKU are found
// through Prev, so that no index has to be written.
type Kept struct {
	Raw []byte
	// SKU is empty for an entry that was set aside.
	SKU         stock.SKU
	Prev        Place // the entry of this SKU before it; zero for the first
	OnHandAfter int64 // of the SKU, over all lots and bins
}
