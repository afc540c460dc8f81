package station_test

import (
	"context"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

// order lets the hub's order come down between two runs of the agent.
func (s *shop) order(data string, o stock.Order) {
	s.tb.Helper()
	s.stop()
	l, err := ledger.Open(data, ledger.Options{})
	if err != nil {
		s.tb.Fatal(err)
	}
	stop := run(s.tb, l.Run)
	at := l.DownPosition()
	if _, err := l.ApplyDown(context.Background(), stock.DownBatch{Epoch: at.Epoch, From: at.Applied + 1, Entries: []stock.Down{{Order: &o}}}); err != nil {
		s.tb.Fatal(err)
	}
	stop()
	if err := l.Close(); err != nil {
		s.tb.Fatal(err)
	}
	s.start()
}

// An order is picked by scans alone, with the network down and the agent
// started anew in the middle.
func TestPage_PicksAnOrder(t *testing.T) {
	t.Parallel()
	var data string
	s := open(t, func(c *agentd.Config) { data = c.Data })
	s.ready()
	p := s.page(browser(t), 1024, 600)
	s.card(floor.GoReceive)
	p.reads("mode", "收货")
	p.press("pad")
	p.press("3")
	p.reads("entry", "3")
	s.scan(salt)
	p.heard("saved", 1)
	s.order(agentd.LedgerPath(data), stock.Order{
		ID: "o-1001", Ref: "2026-1001", State: stock.OrderOpen, Confirmed: time.Now(),
		Lines: []stock.OrderLine{{Number: 1, SKU: "A1003", Quantity: 2}},
	})
	s.ready()
	tote := "]C1" + barcode.Card{Type: barcode.ToteCard, Number: "000001"}.Data()
	staging := "]C1" + barcode.Card{Type: barcode.BinCard, Number: "260101"}.Data()
	s.scan(tote)
	p.reads("mode", "2026-1001 0/1")
	p.reads("ask", "拿 0/2 件")
	s.scan(salt)
	p.reads("ask", "拿 1/2 件")
	s.stop()
	s.start()
	s.ready()
	p.reads("ask", "扫任何码")
	s.scan(tote)
	p.reads("ask", "拿 1/2 件")
	s.scan(salt)
	p.reads("ask", "扫周转箱")
	s.scan(tote)
	p.reads("ask", "扫集货位")
	s.scan(staging)
	p.heard("done", 1)
	if got := s.onHand("A1003"); got != 1 {
		t.Errorf("on hand %d, want 1", got)
	}
}
