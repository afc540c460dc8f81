package agentd

import (
	"errors"

	"github.com/forestock/forestock/agent/devices"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/firmware-bridge/scanner"
)

// route hands what a device did to its station. It never waits: it runs in the
// device's own goroutine.
func (s *shift) route(e devices.Event) {
	desk := s.desks[e.Station]
	switch {
	case e.Scan != nil:
		desk.Take(scanInput(desk, &e))
	case e.Reading != nil:
		desk.Take(floor.WeightOf(e.Device, *e.Reading))
	case e.State != nil && !e.State.Usable():
		desk.Take(floor.Lost{Device: e.Device})
	}
}

func scanInput(desk *floor.Desk, e *devices.Event) floor.Input {
	s := e.Scan
	if s.Kind == scanner.NoRead || s.Kind == scanner.Broken {
		return floor.Garbled{Device: e.Device}
	}
	scan := desk.Code(e.Device, barcode.Symbol{AIM: s.AIM, Data: string(s.Data), At: s.At}, s.Raw)
	if s.Kind == scanner.Double {
		return floor.Repeat{Scan: scan, After: e.After}
	}
	return scan
}

// explain says in the floor's words why the ledger did not save.
func explain(err error) floor.Reason {
	switch {
	case errors.Is(err, ledger.ErrFull):
		return floor.DiskFull
	case errors.Is(err, ledger.ErrClosed):
		return floor.LedgerStopped
	case errors.Is(err, ledger.ErrBroken):
		return floor.LedgerUnsure
	}
	return floor.LedgerRefused
}
