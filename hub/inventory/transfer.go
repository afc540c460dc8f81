package inventory

import (
	"errors"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Report gives the Book the levels of a warehouse ahead of the entries that
// explain them. Readers see these levels until the entries have come. The box
// that has the session states them as of an entry of its ledger. The result is
// a Stated or a *Refusal.
type Report struct {
	Warehouse stock.Warehouse
	Session   Session
	Statement stock.Statement
}

// Adopt gives the Book the levels that a box had before the oldest entry that
// it keeps, where the hub has stored less than that. The entries between are
// known as levels only. The result is an Ingested or a *Refusal.
type Adopt struct {
	Warehouse stock.Warehouse
	Session   Session
	Statement stock.Statement
}

// Repair makes the levels that a box states those of the hub, at the entry
// that they are as of. The result is a Repairing or a *Refusal.
type Repair struct {
	Warehouse stock.Warehouse
	Session   Session
	Statement stock.Statement
	By, Why   string // who decided it, and for what reason; 1 to 200 bytes each
	// Since are the movements that the hub has applied after the statement's
	// entry, up to Upto. Whoever repairs looks them up: the Book keeps none.
	Since []stock.Movement
	Upto  stock.Seq
}

// Stated answers a Report.
type Stated struct {
	Applied stock.Seq // newest entry that is stored
	Until   stock.Seq // entry until which stated levels are served; 0 when none are
	Serving bool      // the levels of this very report are served now
}

// Repairing answers a Repair.
type Repairing struct {
	// Until is the entry at which the stated levels become the hub's.
	Until stock.Seq
	// Done records the repair; nil while entries up to Until are still to come.
	Done *Repaired
}

// Repaired records a repair.
type Repaired struct {
	Warehouse stock.Warehouse
	Number    uint64 // 1, 2, 3 … in a warehouse
	Place     Place  // the entry that the levels are as of
	By, Why   string
	Time      time.Time
	Differ    int            // cells that changed
	Cells     []RepairedCell // the first 1000 of them, by SKU
}

// RepairedCell is the level of a cell before and after a repair, in base units.
type RepairedCell struct {
	stock.Cell
	Before, After int64
}

// Reported says that readers see levels which were stated, not the sum of the
// entries that are stored.
type Reported struct {
	// Epoch is the ledger whose levels they are: the present one, or the one
	// that the present one took over.
	Epoch stock.Epoch
	Seq   stock.Seq // the entry of that ledger that they are as of
	// Until is the entry of the present ledger from which on the hub's own sum
	// is shown again.
	Until  stock.Seq
	Since  time.Time
	Stated uint64 // root of the digest of all that was stated; 0 for levels that were taken over
	Served uint64 // root of the digest of the levels that are shown instead of the hub's own
	Repair *Order // set when the stated levels become the hub's own at Until
}

// Order is what an operator decided.
type Order struct{ By, Why string }

// Adopted says that entries of the present epoch are known as levels only.
type Adopted struct {
	From, Seq stock.Seq // the first and the last of them
	Time      time.Time
}

// Frozen says that the box whose epoch counts is being replaced: nothing is
// taken from it any more.
type Frozen struct {
	Candidate stock.Epoch // the new box's ledger, which takes over the levels
	Since     time.Time
}

func (Stated) result()    {}
func (Repairing) result() {}

// ErrNotFrozen is wrapped by the error about a warehouse whose box is not being
// replaced.
var ErrNotFrozen = errors.New("its box is not being replaced")
