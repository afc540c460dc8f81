package world

import (
	"context"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/proto/stock"
)

// journal is the ledger as the link uses it: the ledger itself, but that the
// power can fail while it stores what the hub sends down.
type journal struct {
	*agentd.Journal
	life *boxLife
}

// TakeOver implements uplink.Journal.
func (j journal) TakeOver(ctx context.Context, st stock.Statement, common stock.Seq) (stock.Takeover, error) {
	if j.life.box.w.options.Defect == AgentCarriesTooMuch {
		common /= 2
		st.Booked = nil // they would hide it
	}
	return j.Journal.TakeOver(ctx, st, common)
}

// Orders implements uplink.Journal.
func (j journal) Orders() []stock.Order {
	if j.life.box.w.options.Defect == AgentTellsNoOrders {
		return nil
	}
	return j.Journal.Orders()
}

// ApplyDown implements uplink.Journal.
func (j journal) ApplyDown(ctx context.Context, b stock.DownBatch) (p stock.DownPosition, err error) {
	if j.life.box.w.options.Defect == HubTellsWholeOrders {
		for _, d := range b.Entries {
			whole(d.Order)
		}
	}
	if j.life.box.w.options.Defect == AgentConfirmsUnstored {
		return stock.DownPosition{Epoch: b.Epoch, Applied: b.To()}, nil
	}
	err = j.life.commit(func() error {
		p, err = j.Journal.ApplyDown(ctx, b)
		return err
	})
	return p, err
}

// whole makes an order one that nobody has picked anything of.
func whole(o *stock.Order) {
	if o == nil {
		return
	}
	o.Before = 0
	for i := range o.Lines {
		o.Lines[i].Picked, o.Lines[i].Short = 0, false
	}
}
