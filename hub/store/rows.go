package store

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// packLevel writes what is not in the key. The revision comes first, because
// watches look at nothing else of most rows.
func packLevel(b []byte, l *inventory.Level) []byte {
	p := packer{b}
	p.uint(uint64(l.Revision))
	p.uint(uint64(l.Newest.Term))
	p.uint(uint64(l.Newest.Seq))
	p.int(l.OnHand)
	p.int(l.Held)
	p.int(l.Committed)
	p.int(l.Safety)
	p.uint(uint64(len(l.Lots)))
	for i := range l.Lots {
		lot := &l.Lots[i]
		p.text(string(lot.Lot))
		p.uint(uint64(lot.Expiry))
		p.uint(uint64(lot.Produced))
		p.uint(uint64(len(lot.Bins)))
		for _, bin := range lot.Bins {
			p.text(string(bin.Bin))
			p.int(bin.OnHand)
		}
	}
	return p.b
}

func unpackLevel(w stock.Warehouse, sku stock.SKU, row string) (inventory.Level, error) {
	u := unpacker{s: row}
	l := inventory.Level{Warehouse: w, SKU: sku, Revision: inventory.Revision(u.uint())}
	l.Newest = inventory.Place{Term: inventory.Term(u.uint()), Seq: stock.Seq(u.uint())}
	l.OnHand, l.Held, l.Committed, l.Safety = u.int(), u.int(), u.int(), u.int()
	if n := u.count(); n > 0 {
		l.Lots = make([]inventory.LotLevel, n)
	}
	for i := range l.Lots {
		lot := &l.Lots[i]
		lot.Lot, lot.Expiry, lot.Produced = stock.Lot(u.text()), stock.Date(u.uint()), stock.Date(u.uint())
		lot.Bins = make([]inventory.BinLevel, u.count())
		for j := range lot.Bins {
			lot.Bins[j] = inventory.BinLevel{Bin: stock.Bin(u.text()), OnHand: u.int()}
			lot.OnHand += lot.Bins[j].OnHand
		}
	}
	return l, u.end()
}

// revisionOf reads only the revision of a level's row.
func revisionOf(row string) inventory.Revision {
	u := unpacker{s: row}
	return inventory.Revision(u.uint())
}

func packLot(b []byte, l *inventory.LotRow) []byte {
	p := packer{b}
	p.uint(uint64(l.Expiry))
	p.uint(uint64(l.Produced))
	return p.b
}

func unpackLot(row string) (expiry, produced stock.Date, _ error) {
	u := unpacker{s: row}
	expiry, produced = stock.Date(u.uint()), stock.Date(u.uint())
	return expiry, produced, u.end()
}

func packItem(b []byte, it *inventory.ItemRow) ([]byte, error) {
	p := packer{b}
	p.uint(it.Version)
	out, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(p.b, wire.ItemMessage(&it.Item))
	if err != nil {
		return nil, fmt.Errorf("item %s: %w", it.SKU, err)
	}
	return out, nil
}

func unpackItem(row string) (inventory.ItemRow, error) {
	u := unpacker{s: row}
	out := inventory.ItemRow{Version: u.uint()}
	if u.err != nil {
		return out, u.err
	}
	var m forestockv1.Item
	err := proto.Unmarshal([]byte(u.s), &m)
	if err == nil {
		out.Item, err = wire.ItemFrom(&m)
	}
	if err != nil {
		return out, fmt.Errorf("%w: %w", errRow, err)
	}
	return out, nil
}

func packQuarantined(b []byte, q *inventory.Quarantined) []byte {
	p := packer{b}
	p.fixed(q.Epoch[:])
	p.time(q.Stored)
	p.text(q.Reason)
	p.fixed(q.Raw)
	return p.b
}

func unpackQuarantined(w stock.Warehouse, at inventory.Place, row string) (inventory.Quarantined, error) {
	u := unpacker{s: row}
	q := inventory.Quarantined{Warehouse: w, Place: at}
	u.fixed(q.Epoch[:])
	q.Stored, q.Reason = u.time(), u.text()
	q.Raw = []byte(u.s)
	return q, u.err
}
