package floor

import (
	"iter"

	"github.com/forestock/forestock/proto/stock"
)

// Catalogue is what the hub has told of the items.
type Catalogue interface {
	Item(stock.SKU) (stock.Item, bool)
	ItemByGTIN(stock.GTIN) (stock.Item, bool)
	ItemByPLU(plu string) (stock.Item, bool)
	Items() iter.Seq[stock.Item]
}

// Levels is what is on hand, as the ledger has it on disk.
type Levels interface {
	// Levels gives the cells of an item that are not zero, first expiring first.
	Levels(stock.SKU) []stock.Level
	// Select gives the cells of all items for which keep holds, first expiring
	// first. keep must not call the book.
	Select(keep func(stock.Level) bool) []stock.Level
	// Lot gives the dates that a lot was first booked with.
	Lot(stock.SKU, stock.Lot) stock.LotInfo
	// Observe gives what a count of a cell that begins now starts from.
	Observe(stock.Cell) stock.CountEvidence
}

// Journal is what happened.
type Journal interface {
	Position() stock.Position
	Entry(stock.Seq) (stock.Entry, error)
	// History gives the newest entries of an item, newest first.
	History(sku stock.SKU, limit int) ([]stock.Entry, error)
}

// Orders is what the hub wants picked, and what was done of it.
type Orders interface {
	// Orders gives the orders to pick, the first due first.
	Orders() []stock.Order
	// Order gives one of them, or one that was cancelled and not forgotten yet.
	Order(stock.OrderID) (stock.Order, bool)
	// Picked gives what was done of an order.
	Picked(stock.OrderID) stock.Progress
	// Recounts gives the places where goods were missing, to be counted.
	Recounts() []stock.Recount
}

// Records is what the warehouse knows. The agent's ledger is one.
type Records interface {
	Catalogue
	Levels
	Journal
	Orders
}

// Claims is who works on which order. Hall is one.
type Claims interface {
	// Claimant gives the station that works on an order; empty for none.
	Claimant(stock.OrderID) string
	// Tote gives the tote that an order was begun with, and Filling the order
	// that a tote was taken for; empty for none.
	Tote(stock.OrderID) string
	Filling(tote string) stock.OrderID
	// WrongPINs gives how often a badge's PIN was wrong since it was right.
	WrongPINs(badge string) int
}

// Book is what a station may look up.
type Book interface {
	Records
	Claims
}
