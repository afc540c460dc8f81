package inventory

import (
	"fmt"

	"github.com/forestock/forestock/proto/stock"
)

// Result answers a Command: a Welcome, Ingested, DownAcked, ItemsUpdated,
// Stated, Recalled, Repairing, Discarded, Retried or *Refusal. What it says is true once the change is durable.
type Result interface {
	result()
}

// Welcome answers a Hello.
type Welcome struct {
	Session Session
	Applied stock.Seq  // the agent sends what follows
	Head    stock.Hash // the chain's hash after Applied, as the hub has it
	// DownEpoch is the hub's epoch of the down stream, DownLast the newest number in it.
	DownEpoch stock.Epoch
	DownLast  stock.Seq
	New       bool // the warehouse was not known before
	// TakeOver names the levels that the box has to take over before it may send
	// entries; zero for none. Its Last is not set.
	TakeOver stock.Takeover
	// BaseWanted asks for the levels before the oldest entry that the box keeps:
	// the hub has stored less than that.
	BaseWanted bool
}

// Ingested answers an Ingest.
type Ingested struct {
	Applied stock.Seq // newest entry that is stored: the acknowledgement
	// Want is set where the run began after Applied+1: send from here on.
	Want        stock.Seq
	Stored      int // entries that are new with this run, quarantined ones included
	Quarantined int // entries of this run that were set aside
	// Strays are picks and shorts of this run for orders that are not known, or
	// are over. The stock moved all the same.
	Strays   int
	Diverged bool // hub and agent differ at the same entry
}

// DownAcked answers a DownStored with what the hub now holds stored.
type DownAcked struct {
	Position stock.DownPosition
}

// ItemsUpdated answers an UpdateItems.
type ItemsUpdated struct {
	Changed int // items that were new or differed
}

// Reason says why a command was refused. The numbers are those of the link's
// Fenced message.
type Reason uint8

// The reasons of a refusal.
const (
	ReasonSession   Reason = 1 // a newer session exists, or none: say hello again
	ReasonEpoch     Reason = 2 // the epoch is closed for ever, or may not open
	ReasonClone     Reason = 3 // two boots alternate with one identity
	ReasonFork      Reason = 4 // the ledger does not join what the hub has stored
	ReasonWarehouse Reason = 5 // the warehouse is not known to this hub
	ReasonInvalid   Reason = 7 // the command itself breaks a rule; never sent on the link
	ReasonMoved     Reason = 8 // entries came meanwhile: look again; never sent on the link
)

var reasonNames = map[Reason]string{
	ReasonSession: "session", ReasonEpoch: "epoch", ReasonClone: "clone",
	ReasonFork: "fork", ReasonWarehouse: "warehouse", ReasonInvalid: "invalid", ReasonMoved: "moved",
}

// String gives the reason's name, as used in logs and metrics.
func (r Reason) String() string {
	if name, ok := reasonNames[r]; ok {
		return name
	}
	return fmt.Sprintf("reason(%d)", uint8(r))
}

// Refusal answers a command that changed nothing.
type Refusal struct {
	Reason  Reason
	Message string // what the operator can do about it
	// Rebirth tells the box to set its ledger aside and to begin a new one.
	Rebirth bool
}

// String gives the reason and the message.
func (r *Refusal) String() string { return "refused (" + r.Reason.String() + "): " + r.Message }

func (Welcome) result()      {}
func (Ingested) result()     {}
func (DownAcked) result()    {}
func (ItemsUpdated) result() {}
func (*Refusal) result()     {}

func refuse(r Reason, format string, args ...any) *Refusal {
	return &Refusal{Reason: r, Message: fmt.Sprintf(format, args...)}
}
