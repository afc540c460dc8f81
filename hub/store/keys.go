package store

import (
	"encoding/binary"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// The rows, each kind under its own first byte. Neither warehouse ids nor SKUs
// can hold a zero byte, so 0 ends them.
//
//	m name                          about the store itself
//	w warehouse                     WarehouseState without Down
//	d warehouse                     DownState
//	l warehouse 0 sku               Level
//	f warehouse 0 sku               the hub's own sum, where the level is what was stated
//	t warehouse 0 sku 0 lot         dates of a lot
//	i sku                           item
//	e warehouse 0 term seq          run of entries that begins there
//	q warehouse 0 term seq          entry that was set aside
//	x warehouse 0 term seq          who discarded it
//	y warehouse 0 term seq          who had it applied after all
//	r warehouse 0 number            repair
//	v revision                      events of reservations, the first with this revision
//	o revision                      hashes of the order numbers in that row
//	p warehouse 0 revision          policy
//	k key                           what Keep was given
const (
	metaRow       = 'm'
	warehouseRow  = 'w'
	downRow       = 'd'
	levelRow      = 'l'
	foldRow       = 'f'
	lotRow        = 't'
	itemRow       = 'i'
	runRow        = 'e'
	quarantineRow = 'q'
	discardRow    = 'x'
	retryRow      = 'y'
	repairRow     = 'r'
	eventRow      = 'v'
	refRow        = 'o'
	policyRow     = 'p'
	keptRow       = 'k'
)

var (
	formatKey      = []byte("mformat")
	incarnationKey = []byte("mincarnation")
	retiredKey     = []byte("mretired")
)

func warehouseKey(b []byte, w stock.Warehouse) []byte { return append(append(b, warehouseRow), w...) }

func downKey(b []byte, w stock.Warehouse) []byte { return append(append(b, downRow), w...) }

// levelKey is the key of a level or of the hub's own sum.
func levelKey(b []byte, kind byte, w stock.Warehouse, sku stock.SKU) []byte {
	return append(within(b, kind, w), sku...)
}

func repairKey(b []byte, w stock.Warehouse, number uint64) []byte {
	return binary.BigEndian.AppendUint64(within(b, repairRow, w), number)
}

func lotKey(b []byte, l *inventory.LotRow) []byte {
	b = append(within(b, lotRow, l.Warehouse), l.SKU...)
	return append(append(b, 0), l.Lot...)
}

func itemKey(b []byte, sku stock.SKU) []byte { return append(append(b, itemRow), sku...) }

// placeKey is the key of a run or of an entry that was set aside.
func placeKey(b []byte, kind byte, w stock.Warehouse, p inventory.Place) []byte {
	b = binary.BigEndian.AppendUint32(within(b, kind, w), uint32(p.Term))
	return binary.BigEndian.AppendUint64(b, uint64(p.Seq))
}

// placeOf reads the place at the end of a key.
func placeOf(key []byte) inventory.Place {
	seq := len(key) - 8
	return inventory.Place{
		Term: inventory.Term(binary.BigEndian.Uint32(key[seq-4:])),
		Seq:  stock.Seq(binary.BigEndian.Uint64(key[seq:])),
	}
}

// within begins a key of a warehouse.
func within(b []byte, kind byte, w stock.Warehouse) []byte {
	return append(append(append(b, kind), w...), 0)
}

// span gives the bounds of all keys of a warehouse of one kind.
func span(kind byte, w stock.Warehouse) (from, to []byte) {
	from, to = within(nil, kind, w), within(nil, kind, w)
	to[len(to)-1]++
	return from, to
}
