package api

import (
	"context"
	"errors"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// Stock is where the numbers come from: hub/store. What it gives out is
// immutable.
type Stock interface {
	Level(stock.Warehouse, stock.SKU) (inventory.Level, bool)
	// Levels gives up to n levels of a warehouse by SKU, from the first one
	// behind after.
	Levels(w stock.Warehouse, after stock.SKU, n int) []inventory.Level
	Warehouse(stock.Warehouse) (inventory.WarehouseState, bool)
	// Warehouses gives all of them by id.
	Warehouses() []inventory.WarehouseState
	Item(stock.SKU) (stock.Item, bool)
	// Items gives up to n items by SKU, from the first one behind after.
	Items(after stock.SKU, n int) []stock.Item
	// Movements gives up to n entries of a SKU, newest first, and where the
	// listing goes on; an empty cursor is its end.
	Movements(ctx context.Context, w stock.Warehouse, sku stock.SKU, before inventory.Cursor, n int) ([]inventory.StoredEntry, inventory.Cursor, error)
	Watch(since inventory.Token, scope inventory.Scope) (inventory.Feed, error)
	// Quarantined gives up to n entries of a warehouse that were set aside,
	// newest first, and where the listing goes on; an empty cursor is its end.
	Quarantined(ctx context.Context, w stock.Warehouse, before inventory.Cursor, n int) ([]inventory.Quarantined, inventory.Cursor, error)
	// Discard marks one of them as dealt with. The error wraps
	// inventory.ErrNotQuarantined where there is none.
	Discard(ctx context.Context, d inventory.Discard) (inventory.Quarantined, *inventory.Refusal, error)
	// Retry applies one of them after all. The error wraps
	// inventory.ErrNotQuarantined where there is none.
	Retry(ctx context.Context, r inventory.Retry) (inventory.Quarantined, *inventory.Refusal, error)
	// Repairs gives up to n repairs of a warehouse, newest first, and where the
	// listing goes on; an empty cursor is its end.
	Repairs(ctx context.Context, w stock.Warehouse, before inventory.Cursor, n int) ([]inventory.Repaired, inventory.Cursor, error)
	// Reservation gives the newest durable state of one.
	Reservation(ctx context.Context, id stock.OrderID) (*inventory.Reservation, bool, error)
	// Reservations gives up to n of them, newest change first, and where the
	// listing goes on; an empty cursor is its end.
	Reservations(ctx context.Context, of inventory.ReservationFilter, before inventory.Cursor, n int) ([]*inventory.Reservation, inventory.Cursor, error)
	// Events gives every change of reservations from a token on.
	Events(since inventory.Token, warehouses ...stock.Warehouse) (inventory.EventFeed, error)
	// Policies gives the policies of a warehouse that are in force, its own first.
	Policies(stock.Warehouse) []inventory.PolicyRow
	// PolicyHistory gives up to n policies that were ever set, newest first, and
	// where the listing goes on; an empty cursor is its end.
	PolicyHistory(ctx context.Context, w stock.Warehouse, before inventory.Cursor, n int) ([]inventory.PolicyRow, inventory.Cursor, error)
	// Apply answers once the commands are durable.
	Apply(ctx context.Context, commands ...inventory.Command) ([]inventory.Result, error)
}

// Link is what is known of the line to each warehouse: hub/ingest. It is asked
// with every answer, so it answers from memory.
type Link interface {
	Contact(stock.Warehouse) Contact
}

// Boxes is what can be done about the machines of the warehouses: hub/ingest.
type Boxes interface {
	// Heard gives when a run of an agent was heard from last; zero when not since
	// the hub started.
	Heard(stock.Warehouse, inventory.Boot) time.Time
	// Replace lets another box take a warehouse over for a while.
	Replace(w stock.Warehouse, by, why string) Replacement
	// Replacement gives what Replace was told, while it holds.
	Replacement(stock.Warehouse) (Replacement, bool)
	// Repair asks the agent for its levels and puts them in the place of the
	// hub's. The error wraps ErrSilent where the agent is not there to be asked.
	Repair(ctx context.Context, w stock.Warehouse, by, why string) (inventory.Repairing, *inventory.Refusal, error)
}

// Errors of Boxes.
var (
	// ErrSilent says that the agent is not there to be asked.
	ErrSilent = errors.New("the agent is not on line")
	// ErrRepairing says that another repair of the same warehouse is under way.
	ErrRepairing = errors.New("another repair is under way")
)

// Replacement is somebody's word that the present box of a warehouse may be
// replaced though it is heard from.
type Replacement struct {
	By, Why string
	Until   time.Time
}

// Contact is the signs of life of one warehouse since the hub started.
type Contact struct {
	// Heard is when the last valid frame came in; zero for never.
	Heard time.Time
	// Complete is when the hub last had stored everything that the agent was
	// known to have; zero for never.
	Complete time.Time
	// Offset is the agent's clock minus the hub's.
	Offset time.Duration
	// Differ are the cells in which hub and agent differed at entry DifferAt;
	// none while that is not known.
	Differ   []Difference
	DifferAt stock.Seq
}

// Difference is what both sides have of a cell, in base units.
type Difference struct {
	Cell       stock.Cell
	Hub, Agent int64
}
