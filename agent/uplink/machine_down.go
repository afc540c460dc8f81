package uplink

import (
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// downState is how far the hub's down stream is stored.
type downState struct {
	epoch  stock.Epoch // of the stream, by the present welcome
	stored stock.DownPosition
	busy   bool // the ledger is storing a batch
}

// next gives the number of the entry that is wanted.
func (d *downState) next() stock.Seq {
	if d.stored.Epoch != d.epoch {
		return 1
	}
	return d.stored.Applied + 1
}

// downBatch takes a part of the down stream: what joins is stored, what was
// stored is confirmed again, what leaves a gap is asked for.
func (m *machine) downBatch(epoch stock.Epoch, b *wire.DownBatch) {
	if epoch != m.down.epoch || m.down.busy || m.telling.active {
		return // of an earlier stream, or one that came too soon: the hub repeats it
	}
	next := m.down.next()
	switch {
	case b.From > next:
		m.say(m.downHeader(), &wire.Gap{Want: next})
	case b.To() < next:
		m.say(m.downHeader(), &wire.Ack{Upto: next - 1})
	default:
		m.down.busy = true
		m.do(storeDown{stock.DownBatch{Epoch: epoch, From: b.From, Entries: b.Entries}})
	}
}

// downStored takes the answer to storeDown: only now the hub is told.
func (m *machine) downStored(p stock.DownPosition, err error) {
	m.down.busy = false
	if err != nil {
		m.note.err, m.note.hint = err.Error(), "the ledger did not take what the hub sent down: see the agent's log"
		return // the hub repeats it
	}
	m.down.stored = p
	if m.phase == phaseOpen && p.Epoch == m.down.epoch {
		m.say(m.downHeader(), &wire.Ack{Upto: p.Applied})
	}
}

func (m *machine) downHeader() wire.Frame {
	f := m.header()
	f.Epoch = m.down.epoch
	return f
}

// cells takes the answer to readCells.
func (m *machine) cells(frame []byte, err error) {
	if err != nil {
		m.note.err, m.note.hint = err.Error(), "the hub asked which cells differ, and could not be told"
		return
	}
	if m.phase == phaseOpen {
		m.do(send{frame: frame, kind: wire.KindCells})
	}
}
