package inventory

import (
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// WarehouseState is what the Book knows of a warehouse beside its levels. It
// is immutable: slices in it are replaced, never written to.
type WarehouseState struct {
	Warehouse stock.Warehouse
	Enrolled  time.Time
	// Box holds the session of the epoch that counts.
	Box Box
	// Candidate is a box with a new ledger that has said hello; its epoch opens
	// with its first entry. Nil where there is none.
	Candidate *Box
	Newest    Session // the greatest that was ever given

	Applied stock.Seq  // newest entry that is stored
	Head    stock.Hash // the chain's hash after Applied
	Last    stock.Seq  // newest entry that the agent is known to have
	Stored  time.Time  // when an entry was stored last; zero for never

	SKUs        int
	Cells       int
	Digest      uint64      // root of the digest of all levels
	Quarantined int         // entries of this epoch that were set aside and nobody has dealt with
	Divergence  *Divergence // nil while hub and agent agree

	Reported *Reported // nil while readers see the hub's own sum
	Adopted  *Adopted  // nil while every entry of this epoch is stored
	Frozen   *Frozen   // nil while the box is not being replaced
	// Settled is the newest entry of this epoch up to which the levels were
	// stated by the box: what was quarantined up to it is in them.
	Settled stock.Seq
	Repairs uint64 // how many there ever were

	Closed     []ClosedEpoch // epochs that are fenced for ever, in the order they opened
	Superseded []OldBoot     // boots that a later one replaced, newest last, at most 8
	Clones     int           // hellos of a superseded boot: two boxes with one identity
	Cloned     time.Time     // when the last of them came; zero for never

	Down DownState
}

// Term gives the number of the epoch that counts.
func (s *WarehouseState) Term() Term { return Term(len(s.Closed) + 1) }

// Unsent gives the number of entries that the agent is known to have and the
// hub has not.
func (s *WarehouseState) Unsent() uint64 {
	if s.Last <= s.Applied {
		return 0
	}
	return uint64(s.Last - s.Applied)
}

// Box is the agent's machine, as it said hello.
type Box struct {
	Epoch    stock.Epoch
	Boot     Boot
	Nonce    uint64
	Session  Session
	Since    time.Time // when the session opened
	Software string
	TookOver stock.Takeover // what its ledger says that it took over
	// BaseWanted is set while the box keeps nothing as old as the hub needs, and
	// has not stated the levels before that yet.
	BaseWanted bool
}

// OldBoot is a boot that a later one replaced, and its last hello.
type OldBoot struct {
	Boot  Boot
	Nonce uint64
}

// ClosedEpoch is an epoch that a later one replaced.
type ClosedEpoch struct {
	Epoch  stock.Epoch
	Last   stock.Seq  // newest entry that was stored of it
	Head   stock.Hash // the chain's hash after Last
	Closed time.Time
}

// Divergence is a difference between hub and agent at the same entry.
type Divergence struct {
	Seq   stock.Seq // the entry at which it was seen last
	Hub   uint64    // root of the hub's digest there
	Agent uint64    // root of the agent's
	Since time.Time
}

// DownState is the hub's down stream of one warehouse. Entries up to Stored
// are on the box; Pending are the ones after it; Waiting counts the things
// that get their number once there is room.
type DownState struct {
	Epoch   stock.Epoch
	Stored  stock.Seq
	Pending []DownKey
	Waiting int
	// Asked is the newest order that has a number, as Reservation.Asked.
	Asked Revision
	// Version is the catalogue's version up to which items have a number.
	Version uint64
}

// Last gives the newest number of the stream.
func (d *DownState) Last() stock.Seq { return d.Stored + stock.Seq(len(d.Pending)) }

// DownKey names a thing on the down stream. Its newest state is looked up when
// it is sent. Exactly one field is set.
type DownKey struct {
	Item  stock.SKU
	Order stock.OrderID
}

// Outstanding gives the number of things that the box has not stored yet.
func (d *DownState) Outstanding() int { return len(d.Pending) + d.Waiting }

// EpochOf gives the epoch of a term; zero for one that never was.
func (s *WarehouseState) EpochOf(t Term) stock.Epoch {
	switch n := Term(len(s.Closed)); {
	case t == n+1:
		return s.Box.Epoch
	case t >= 1 && t <= n:
		return s.Closed[t-1].Epoch
	}
	return stock.Epoch{}
}
