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

// Book is what a station may look up. The agent's ledger is one.
type Book interface {
	Catalogue
	Levels
	Journal
}
