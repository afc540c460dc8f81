package store

import (
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

func packWarehouse(b []byte, s *inventory.WarehouseState) []byte {
	p := packer{b}
	p.time(s.Enrolled)
	packBox(&p, &s.Box)
	p.uint(uint64(s.Newest))
	p.uint(uint64(s.Applied))
	p.fixed(s.Head[:])
	p.uint(uint64(s.Last))
	p.time(s.Stored)
	p.uint(uint64(s.SKUs))
	p.uint(uint64(s.Cells))
	p.uint(s.Digest)
	p.uint(uint64(s.Quarantined))
	if packHas(&p, s.Divergence != nil) {
		d := s.Divergence
		p.uint(uint64(d.Seq))
		p.uint(d.Hub)
		p.uint(d.Agent)
		p.time(d.Since)
	}
	if packHas(&p, s.Candidate != nil) {
		packBox(&p, s.Candidate)
	}
	p.uint(uint64(len(s.Closed)))
	for i := range s.Closed {
		c := &s.Closed[i]
		p.fixed(c.Epoch[:])
		p.uint(uint64(c.Last))
		p.fixed(c.Head[:])
		p.time(c.Closed)
	}
	p.uint(uint64(len(s.Superseded)))
	for i := range s.Superseded {
		p.fixed(s.Superseded[i].Boot[:])
		p.uint(s.Superseded[i].Nonce)
	}
	p.uint(uint64(s.Clones))
	p.time(s.Cloned)
	packTransfer(&p, s)
	return p.b
}

func unpackWarehouse(w stock.Warehouse, row string) (inventory.WarehouseState, error) {
	u := unpacker{s: row}
	s := inventory.WarehouseState{Warehouse: w, Enrolled: u.time(), Box: unpackBox(&u)}
	s.Newest, s.Applied = inventory.Session(u.uint()), stock.Seq(u.uint())
	u.fixed(s.Head[:])
	s.Last, s.Stored = stock.Seq(u.uint()), u.time()
	s.SKUs, s.Cells, s.Digest, s.Quarantined = int(u.uint()), int(u.uint()), u.uint(), int(u.uint())
	if u.uint() == 1 {
		s.Divergence = &inventory.Divergence{Seq: stock.Seq(u.uint()), Hub: u.uint(), Agent: u.uint(), Since: u.time()}
	}
	if u.uint() == 1 {
		box := unpackBox(&u)
		s.Candidate = &box
	}
	if n := u.count(); n > 0 {
		s.Closed = make([]inventory.ClosedEpoch, n)
	}
	for i := range s.Closed {
		c := &s.Closed[i]
		u.fixed(c.Epoch[:])
		c.Last = stock.Seq(u.uint())
		u.fixed(c.Head[:])
		c.Closed = u.time()
	}
	if n := u.count(); n > 0 {
		s.Superseded = make([]inventory.OldBoot, n)
	}
	for i := range s.Superseded {
		u.fixed(s.Superseded[i].Boot[:])
		s.Superseded[i].Nonce = u.uint()
	}
	s.Clones, s.Cloned = int(u.uint()), u.time()
	if u.s != "" { // a row of format 1 ends here
		unpackTransfer(&u, &s)
	}
	return s, u.end()
}

func packHas(p *packer, has bool) bool {
	if has {
		p.uint(1)
	} else {
		p.uint(0)
	}
	return has
}

func packBox(p *packer, b *inventory.Box) {
	p.fixed(b.Epoch[:])
	p.fixed(b.Boot[:])
	p.uint(b.Nonce)
	p.uint(uint64(b.Session))
	p.time(b.Since)
	p.text(b.Software)
}

func unpackBox(u *unpacker) inventory.Box {
	var b inventory.Box
	u.fixed(b.Epoch[:])
	u.fixed(b.Boot[:])
	b.Nonce, b.Session = u.uint(), inventory.Session(u.uint())
	b.Since, b.Software = u.time(), u.text()
	return b
}

func packDown(b []byte, d *inventory.DownState) []byte {
	p := packer{b}
	p.fixed(d.Epoch[:])
	p.uint(uint64(d.Stored))
	p.uint(d.Version)
	p.uint(uint64(d.Waiting))
	p.uint(uint64(len(d.Pending)))
	for _, key := range d.Pending {
		p.text(string(key.Item))
		if key.Item == "" {
			p.text(string(key.Order))
		}
	}
	p.uint(uint64(d.Asked))
	return p.b
}

func unpackDown(row string) (inventory.DownState, error) {
	u := unpacker{s: row}
	var d inventory.DownState
	u.fixed(d.Epoch[:])
	d.Stored, d.Version, d.Waiting = stock.Seq(u.uint()), u.uint(), int(u.uint())
	if n := u.count(); n > 0 {
		d.Pending = make([]inventory.DownKey, n)
	}
	for i := range d.Pending {
		d.Pending[i].Item = stock.SKU(u.text())
		if d.Pending[i].Item == "" {
			d.Pending[i].Order = stock.OrderID(u.text())
		}
	}
	if u.s != "" { // format 1 had no orders
		d.Asked = inventory.Revision(u.uint())
	}
	return d, u.end()
}
