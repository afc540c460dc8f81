package wire

import (
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Body is what a frame says: one of the types of this file.
type Body interface{ kind() Kind }

// Hello opens a session. The frame's epoch is the ledger's.
type Hello struct {
	First stock.Seq  // oldest entry that is still kept
	Last  stock.Seq  // newest entry
	Head  stock.Hash // the chain's hash after Last
	// Down is what the agent has stored of the hub's down stream.
	Down stock.DownPosition
	// Nonce tells this hello from earlier ones of the same boot; repeating a
	// hello keeps it.
	Nonce                  uint64
	VersionMin, VersionMax uint32
	Software               string    // version of the agent's program, for people
	Time                   time.Time // the agent's clock
	// TookOver says which levels the ledger took over; zero for none.
	TookOver stock.Takeover
}

// Welcome answers a hello.
type Welcome struct {
	Session uint64 // the fencing number to send with every frame
	// Applied is the newest entry that the hub has stored; the agent sends
	// what follows. Head is the chain's hash after it, as the hub has it.
	Applied stock.Seq
	Head    stock.Hash
	// DownEpoch and DownLast say how far the hub's down stream goes.
	DownEpoch stock.Epoch
	DownLast  stock.Seq
	// MaxEntries and MaxBytes limit one batch; bytes count the entries before
	// packing.
	MaxEntries, MaxBytes int
	Version              uint32
	Time                 time.Time // the hub's clock
	// Boot and Nonce are those of the hello that is answered.
	Boot  Boot
	Nonce uint64
	// TakeOver is set where the warehouse has stock under an earlier ledger,
	// which is closed to new entries from now on: the agent asks for the
	// statement of these levels, takes them over, and says hello again before
	// it sends an entry. Last is 0.
	TakeOver stock.Takeover
	// BaseWanted is set where the hub lacks entries that the agent no longer
	// keeps: the hub asks for the statement before the oldest kept entry, and
	// acknowledges it before the agent sends what follows.
	BaseWanted bool
	// Occupied is set where the warehouse has stock under an earlier ledger whose
	// box was heard from lately: this one waits until it may take over.
	Occupied bool
	// TellOrders is set by a hub that takes Orders. An agent that has stored a
	// part of another down stream tells it the orders that it holds before it
	// sends or takes anything else.
	TellOrders bool
}

// Batch carries ledger entries up.
type Batch struct {
	stock.Batch
	// Digest is the root of the digest of all levels after the last entry;
	// nil where the agent does not know it, while a backlog is sent.
	Digest *uint64
	Last   stock.Seq // the agent's newest entry
}

// Ack says that everything up to and including Upto is stored durably.
type Ack struct {
	Upto stock.Seq
	Last stock.Seq // newest entry that the receiver has heard of; 0 going up
}

// Gap asks for the entries from Want on.
type Gap struct{ Want stock.Seq }

// Busy asks the sender to wait; the receiver is full and drops nothing that
// it has acknowledged.
type Busy struct{ After time.Duration }

// Ping checks the whole way to the hub and back.
type Ping struct {
	Nonce uint64
	Last  stock.Seq // the agent's newest entry
	Time  time.Time // the agent's clock
}

// Pong answers a ping.
type Pong struct {
	Nonce    uint64
	Applied  stock.Seq // what the hub has stored of the agent's entries
	DownLast stock.Seq // newest entry of the hub's down stream
	Time     time.Time // the hub's clock
}

// Fence says why a frame was refused.
type Fence int

// The reasons to refuse a frame; the numbers are on the wire.
const (
	FenceUnknown   Fence = 0
	FenceSession   Fence = 1 // a newer session exists
	FenceEpoch     Fence = 2 // the epoch was closed by a later one, for ever
	FenceClone     Fence = 3 // two boots alternate with one identity
	FenceFork      Fence = 4 // the ledger was rolled back or forked
	FenceWarehouse Fence = 5 // the hub does not know the warehouse
	FenceVersion   Fence = 6 // no protocol version in common
)

// String gives the reason's name, as written in metrics, logs and APIs.
func (f Fence) String() string {
	names := [...]string{"unknown", "session", "epoch", "clone", "fork", "warehouse", "version"}
	if f < 0 || int(f) >= len(names) {
		return names[0]
	}
	return names[f]
}

// Fenced refuses a frame. The frame around it carries the epoch and the
// session of the refused one, so that a late refusal is not taken for a new one.
type Fenced struct {
	Reason  Fence
	Message string // what the operator can do about it
	// Nonce is that of the hello that is refused; 0 for other frames.
	Nonce uint64
	// Rebirth asks the box to set its ledger aside and to begin a new one with
	// the hub's levels.
	Rebirth bool
}

// CellsWanted asks for the agent's cells of the buckets that differ from
// Digest, the hub's as of entry Seq.
type CellsWanted struct {
	Seq    stock.Seq
	Digest stock.Digest
}

// Cells answers CellsWanted as of entry Seq.
type Cells struct {
	Seq       stock.Seq
	Buckets   []int // the buckets that differ, ascending
	Cells     []stock.Level
	Truncated bool // one frame could not hold them all
}

// DownBatch carries the hub's down stream. The frame's epoch is the stream's.
type DownBatch struct {
	From    stock.Seq
	Entries []stock.Down
}

// To gives the number of the last entry; From-1 for an empty batch.
func (b *DownBatch) To() stock.Seq { return b.From + stock.Seq(len(b.Entries)) - 1 }

func (*Hello) kind() Kind       { return KindHello }
func (*Welcome) kind() Kind     { return KindWelcome }
func (*Batch) kind() Kind       { return KindBatch }
func (*Ack) kind() Kind         { return KindAck }
func (*Gap) kind() Kind         { return KindGap }
func (*Busy) kind() Kind        { return KindBusy }
func (*Ping) kind() Kind        { return KindPing }
func (*Pong) kind() Kind        { return KindPong }
func (*Fenced) kind() Kind      { return KindFenced }
func (*CellsWanted) kind() Kind { return KindCellsWanted }
func (*Cells) kind() Kind       { return KindCells }
func (*DownBatch) kind() Kind   { return KindDownBatch }
