package store

import (
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// packTransfer writes what a warehouse's row knows of statements, since format 2.
func packTransfer(p *packer, s *inventory.WarehouseState) {
	if packHas(p, s.Reported != nil) {
		r := s.Reported
		p.fixed(r.Epoch[:])
		p.uint(uint64(r.Seq))
		p.uint(uint64(r.Until))
		p.time(r.Since)
		p.uint(r.Stated)
		p.uint(r.Served)
		if packHas(p, r.Repair != nil) {
			p.text(r.Repair.By)
			p.text(r.Repair.Why)
		}
	}
	if packHas(p, s.Adopted != nil) {
		p.uint(uint64(s.Adopted.From))
		p.uint(uint64(s.Adopted.Seq))
		p.time(s.Adopted.Time)
	}
	if packHas(p, s.Frozen != nil) {
		p.fixed(s.Frozen.Candidate[:])
		p.time(s.Frozen.Since)
	}
	p.uint(uint64(s.Settled))
	p.uint(s.Repairs)
	packTakenOver(p, &s.Box)
	if s.Candidate != nil {
		packTakenOver(p, s.Candidate)
	}
}

func unpackTransfer(u *unpacker, s *inventory.WarehouseState) {
	if u.uint() == 1 {
		r := new(inventory.Reported)
		u.fixed(r.Epoch[:])
		r.Seq, r.Until, r.Since = stock.Seq(u.uint()), stock.Seq(u.uint()), u.time()
		r.Stated, r.Served = u.uint(), u.uint()
		if u.uint() == 1 {
			r.Repair = &inventory.Order{By: u.text(), Why: u.text()}
		}
		s.Reported = r
	}
	if u.uint() == 1 {
		s.Adopted = &inventory.Adopted{From: stock.Seq(u.uint()), Seq: stock.Seq(u.uint()), Time: u.time()}
	}
	if u.uint() == 1 {
		s.Frozen = new(inventory.Frozen)
		u.fixed(s.Frozen.Candidate[:])
		s.Frozen.Since = u.time()
	}
	s.Settled, s.Repairs = stock.Seq(u.uint()), u.uint()
	unpackTakenOver(u, &s.Box)
	if s.Candidate != nil {
		unpackTakenOver(u, s.Candidate)
	}
}

func packTakenOver(p *packer, b *inventory.Box) {
	if packHas(p, !b.TookOver.IsZero()) {
		p.fixed(b.TookOver.Epoch[:])
		p.uint(uint64(b.TookOver.Seq))
		p.uint(uint64(b.TookOver.Last))
	}
	packHas(p, b.BaseWanted)
}

func unpackTakenOver(u *unpacker, b *inventory.Box) {
	if u.uint() == 1 {
		u.fixed(b.TookOver.Epoch[:])
		b.TookOver.Seq, b.TookOver.Last = stock.Seq(u.uint()), stock.Seq(u.uint())
	}
	b.BaseWanted = u.uint() == 1
}

func packRetried(b []byte, r *inventory.Retried) []byte {
	p := packer{b}
	p.time(r.Time)
	p.text(r.By)
	p.text(r.Why)
	p.text(string(r.SKU))
	p.uint(uint64(r.Prev.Term))
	p.uint(uint64(r.Prev.Seq))
	p.int(r.OnHandAfter)
	return p.b
}

func unpackRetried(w stock.Warehouse, at inventory.Place, row string) (inventory.Retried, error) {
	u := unpacker{s: row}
	r := inventory.Retried{Warehouse: w, Place: at, Time: u.time(), By: u.text(), Why: u.text(), SKU: stock.SKU(u.text())}
	r.Prev = inventory.Place{Term: inventory.Term(u.uint()), Seq: stock.Seq(u.uint())}
	r.OnHandAfter = u.int()
	return r, u.end()
}

func packRepaired(b []byte, r *inventory.Repaired) []byte {
	p := packer{b}
	p.uint(uint64(r.Place.Term))
	p.uint(uint64(r.Place.Seq))
	p.time(r.Time)
	p.text(r.By)
	p.text(r.Why)
	p.uint(uint64(r.Differ))
	p.uint(uint64(len(r.Cells)))
	for i := range r.Cells {
		c := &r.Cells[i]
		p.text(string(c.SKU))
		p.text(string(c.Lot))
		p.text(string(c.Bin))
		p.int(c.Before)
		p.int(c.After)
	}
	return p.b
}

func unpackRepaired(w stock.Warehouse, number uint64, row string) (inventory.Repaired, error) {
	u := unpacker{s: row}
	r := inventory.Repaired{Warehouse: w, Number: number}
	r.Place = inventory.Place{Term: inventory.Term(u.uint()), Seq: stock.Seq(u.uint())}
	r.Time, r.By, r.Why, r.Differ = u.time(), u.text(), u.text(), int(u.uint())
	if n := u.count(); n > 0 {
		r.Cells = make([]inventory.RepairedCell, n)
	}
	for i := range r.Cells {
		c := &r.Cells[i]
		c.SKU, c.Lot, c.Bin = stock.SKU(u.text()), stock.Lot(u.text()), stock.Bin(u.text())
		c.Before, c.After = u.int(), u.int()
	}
	return r, u.end()
}
