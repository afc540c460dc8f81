package inventory_test

import (
	"fmt"
	"testing"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

func items(from, to int) (out []stock.Item) {
	for i := from; i <= to; i++ {
		out = append(out, stock.Item{SKU: stock.SKU(fmt.Sprintf("sku-%04d", i)), Name: "x", Unit: stock.Piece})
	}
	return out
}

func (s *scene) updates(items ...stock.Item) int {
	s.Helper()
	got, ok := s.says(nil, inventory.UpdateItems{Items: items}).(inventory.ItemsUpdated)
	if !ok {
		s.Fatalf("UpdateItems: %v", s.last)
	}
	return got.Changed
}

// down gives the down stream of the only warehouse there is.
func (s *scene) down() inventory.DownState {
	s.Helper()
	all := s.book.Rows().Downs
	if len(all) != 1 {
		s.Fatalf("%d warehouses are known", len(all))
	}
	return all[0].DownState
}

func (s *scene) stores(b *storetest.Box, upto stock.Seq) {
	s.Helper()
	b.Down = stock.DownPosition{Epoch: s.down().Epoch, Applied: upto}
	if got := s.says(nil, inventory.DownStored{Warehouse: b.Warehouse, Session: b.Session, Position: b.Down}); got != (inventory.DownAcked{Position: b.Down}) {
		s.Errorf("DownStored %d: %v", upto, got)
	}
}

func TestDown_ANewWarehouseGetsEveryItem(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	s.updates(items(1, 600)...)
	w := s.hello(b)
	if d := s.down(); d.Outstanding() != 600 || w.DownLast != d.Last() || w.DownEpoch != d.Epoch || d.Epoch.IsZero() {
		t.Errorf("after hello: %d outstanding, welcome %+v", d.Outstanding(), w)
	}
	seen := make(map[stock.SKU]bool)
	for d := s.down(); len(d.Pending) > 0; d = s.down() {
		for _, key := range d.Pending[:min(100, len(d.Pending))] {
			if seen[key.Item] {
				t.Errorf("%s is sent twice", key.Item)
			}
			seen[key.Item] = true
		}
		s.stores(b, d.Stored+stock.Seq(min(100, len(d.Pending))))
	}
	if d := s.down(); len(seen) != 600 || d.Outstanding() != 0 {
		t.Errorf("%d items sent, %d outstanding", len(seen), d.Outstanding())
	}
}

func TestDown_AWarehouseThatIsAwayCostsNothing(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	s.hello(b)
	all := items(1, 300)
	for price := range int64(50) {
		for i := range all {
			all[i].Price = price + 1
		}
		s.updates(all...)
	}
	if d := s.down(); d.Outstanding() > 600 || len(d.Pending) > 256 {
		t.Errorf("15000 changes of 300 items leave %d outstanding, %d numbered", d.Outstanding(), len(d.Pending))
	}
}

func TestDown_OnlyChangesTravel(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	s.hello(b)
	s.updates(items(1, 3)...)
	s.stores(b, 3)
	if got := s.updates(items(1, 3)...); got != 0 {
		t.Errorf("%d items changed that are the same", got)
	}
	changed := items(2, 2)
	changed[0].GTINs = []stock.GTIN{"04006381333931"}
	if got := s.updates(append(items(1, 3), changed[0])...); got != 1 {
		t.Errorf("%d items changed, want 1", got)
	}
	if d := s.down(); len(d.Pending) != 1 || d.Pending[0].Item != "sku-0002" || d.Last() != 4 {
		t.Errorf("down stream %+v", d)
	}
}

func TestDown_AnItemThatIsWrongIsRefused(t *testing.T) {
	s := newScene(t)
	wrong := items(1, 3)
	wrong[1].Unit = "kg"
	s.refused(inventory.UpdateItems{Items: wrong}, inventory.ReasonInvalid, "unit")
	if rows := s.book.Rows(); len(rows.Items) != 0 {
		t.Errorf("%d of the items are in nevertheless", len(rows.Items))
	}
}

func TestDown_WhatABoxSaysItHas(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(p *stock.DownPosition)
		again bool // everything is sent again, under a new epoch
	}{
		{"what the hub knows", func(*stock.DownPosition) {}, false},
		{"more than it acknowledged", func(p *stock.DownPosition) { p.Applied = 5 }, false},
		{"less than it acknowledged", func(p *stock.DownPosition) { p.Applied = 3 }, true},
		{"more than was sent", func(p *stock.DownPosition) { p.Applied = 7 }, true},
		{"an epoch that the hub does not know", func(p *stock.DownPosition) { p.Epoch[0]++ }, true},
		{"nothing", func(p *stock.DownPosition) { *p = stock.DownPosition{} }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, b := newScene(t), storetest.NewBox("sz-1", 1)
			s.updates(items(1, 6)...)
			s.hello(b)
			s.stores(b, 4)
			before := s.down()
			tt.spoil(&b.Down)
			s.hello(b)
			after := s.down()
			if again := after.Epoch != before.Epoch; again != tt.again {
				t.Errorf("under a new epoch: %v, want %v", again, tt.again)
			}
			if tt.again && (after.Stored != 0 || len(after.Pending) != 6) {
				t.Errorf("down stream %+v, want all six items", after)
			}
			if !tt.again && after.Stored != max(4, b.Down.Applied) {
				t.Errorf("down stream %+v", after)
			}
		})
	}
}

func TestDown_AcknowledgementsThatFitNothing(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	s.updates(items(1, 6)...)
	s.hello(b)
	s.stores(b, 4)
	ack := func(session inventory.Session, p stock.DownPosition) inventory.Command {
		return inventory.DownStored{Warehouse: "sz-1", Session: session, Position: p}
	}
	s.refused(ack(b.Session+1, b.Down), inventory.ReasonSession, "say hello again")
	s.refused(ack(b.Session, stock.DownPosition{Epoch: b.Down.Epoch, Applied: 7}), inventory.ReasonSession, "did not send")
	s.refused(ack(b.Session, stock.DownPosition{Epoch: stock.Epoch{9}, Applied: 5}), inventory.ReasonSession, "did not send")
	late := s.says(nil, ack(b.Session, stock.DownPosition{Epoch: b.Down.Epoch, Applied: 2}))
	if late != (inventory.DownAcked{Position: b.Down}) {
		t.Errorf("a late acknowledgement is answered %v", late)
	}
	if d := s.down(); d.Stored != 4 || len(d.Pending) != 2 {
		t.Errorf("down stream %+v", d)
	}
}
