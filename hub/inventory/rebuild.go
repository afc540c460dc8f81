package inventory

import (
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Emptied gives the state with which a warehouse begins in a store that is
// rebuilt: enrolled, with its ledgers that are closed for ever, and without any
// entry or level. The agent then sends all that it keeps.
func (s *WarehouseState) Emptied(now time.Time) WarehouseState {
	var none stock.Digest
	out := WarehouseState{
		Warehouse: s.Warehouse, Enrolled: s.Enrolled, Box: s.Box, Newest: s.Newest,
		Head: stock.Genesis(s.Box.Epoch), Digest: none.Root(),
		Closed: s.Closed, Superseded: s.Superseded, Clones: s.Clones, Cloned: s.Cloned,
	}
	out.Reborn(now)
	return out
}
