package station_test

import (
	"context"

	"github.com/forestock/forestock/agent/ledger"
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
