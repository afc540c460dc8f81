package station_test

import (
	"context"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// order lets the hub's orders come down between two runs of the agent.
func (s *shop) order(data string, orders ...stock.Order) {
	s.tb.Helper()
	s.stop()
	l, err := ledger.Open(data, ledger.Options{})
	if err != nil {
		s.tb.Fatal(err)
	}
	stop := run(s.tb, l.Run)
	at := l.DownPosition()
	down := stock.DownBatch{Epoch: at.Epoch, From: at.Applied + 1}
	for i := range orders {
		down.Entries = append(down.Entries, stock.Down{Order: &orders[i]})
	}
	if _, err := l.ApplyDown(context.Background(), down); err != nil {
		s.tb.Fatal(err)
	}
	stop()
	if err := l.Close(); err != nil {
		s.tb.Fatal(err)
	}
	s.start()
}
