package inventory

import "github.com/forestock/forestock/proto/stock"

// Command is something that happened to the hub: the Book applies it and
// answers with a Result. The kinds are Hello, *Ingest, DownStored,
// UpdateItems, Recall, Report, Adopt, Repair, Discard and Retry.
type Command interface {
	apply(*step) Result
}

// Boot is the random identity of one run of an agent's process.
type Boot [16]byte

// Session is a fencing number: within a warehouse, greater than every one that
// was given before. Zero is none.
type Session uint64

// Hello opens a session for a box, or finds the one it has. The result is a
// Welcome or a *Refusal.
type Hello struct {
	Warehouse stock.Warehouse
	Boot      Boot
	// Nonce grows with every new hello of a boot, from 1; a copy of an earlier
	// one repeats its nonce.
	Nonce uint64
	// Position is what the box's ledger holds, and of which epoch.
	Position stock.Position
	// Down is what the box has stored of the hub's down stream.
	Down stock.DownPosition
	// NewDownEpoch is a fresh random epoch, used when the box does not know the
	// down stream and has to get everything again. Never zero.
	NewDownEpoch stock.Epoch
	Software     string // version of the agent's program, for people
	// TookOver is what the box's ledger says that it took over; zero for nothing.
	TookOver stock.Takeover
	// MayTakeOver says that no other box of the warehouse gives a sign of life,
	// or that an operator wants this box in its place.
	MayTakeOver bool
}

// DownStored says that the box has stored the down stream so far. The result
// is a DownAcked or a *Refusal.
type DownStored struct {
	Warehouse stock.Warehouse
	Session   Session
	Position  stock.DownPosition
}

// UpdateItems writes catalogue items: new ones are added, known ones replaced,
// and every warehouse gets those that changed. All of them are valid by
// stock.Item.Validate, which the caller has checked, or the whole command is
// refused. The result is an ItemsUpdated or a *Refusal.
type UpdateItems struct {
	Items []stock.Item
}
