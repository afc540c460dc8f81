package uplink

import (
	"github.com/forestock/forestock/proto/wire"
)

// levelsWanted has a part of this ledger's statement sent. The hub asks again
// for what it does not get.
func (m *machine) levelsWanted(w *wire.StatementWanted) {
	if w.Of == wire.StatementNewest || w.Of == wire.StatementBase {
		m.do(readLevels{*w, m.header()})
	}
}

// levels takes the answer to readLevels.
func (m *machine) levels(frame []byte, err error) {
	if err != nil {
		m.note.err, m.note.hint = err.Error(), "the hub asked for this warehouse's levels, and could not be told: see the agent's log"
		return
	}
	if m.phase == phaseOpen {
		m.do(send{frame: frame, kind: wire.KindStatement})
	}
}
