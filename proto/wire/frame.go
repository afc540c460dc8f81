package wire

import (
	"encoding/hex"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// Version is the protocol version that this package speaks.
const Version = 1

// MaxFrame bounds a frame on the wire, checksum included, in bytes. Every
// broker carries it by default: RabbitMQ, EMQX and NATS take 1 MiB and more,
// AWS IoT takes 128 KiB.
const MaxFrame = 60 << 10

// MaxBody bounds the unpacked body of a frame in bytes.
const MaxBody = 256 << 10

// MaxBatch bounds the entries of one batch, either way.
const MaxBatch = 1024

// MaxCells bounds the cells of one Cells body.
const MaxCells = 2048

// Boot is the random identity born with a process, so that two boxes that run
// with one disk's identity can be told apart.
type Boot [16]byte

// String gives the boot in hexadecimal.
func (b Boot) String() string { return hex.EncodeToString(b[:]) }

// Frame is one message of the link, unpacked and checked.
type Frame struct {
	// Epoch says whose sequence numbers the body speaks of: the ledger's
	// epoch for the way up, the hub's epoch of the warehouse's down stream
	// for the way down.
	Epoch stock.Epoch
	// Boot is the sender's.
	Boot Boot
	// Session is the fencing number that the hub gave; 0 in a hello, and the
	// refused number in Fenced.
	Session uint64
	Body    Body
}

// Kind gives the kind of the frame's body, as written in metrics and logs.
func (f *Frame) Kind() Kind {
	if f.Body == nil {
		return Kind(forestockv1.FrameKind_FRAME_KIND_UNSPECIFIED)
	}
	return f.Body.kind()
}

// Kind says what the body of a frame is.
type Kind forestockv1.FrameKind

// The kinds of frame.
const (
	KindHello       = Kind(forestockv1.FrameKind_FRAME_KIND_HELLO)
	KindWelcome     = Kind(forestockv1.FrameKind_FRAME_KIND_WELCOME)
	KindBatch       = Kind(forestockv1.FrameKind_FRAME_KIND_BATCH)
	KindAck         = Kind(forestockv1.FrameKind_FRAME_KIND_ACK)
	KindGap         = Kind(forestockv1.FrameKind_FRAME_KIND_GAP)
	KindBusy        = Kind(forestockv1.FrameKind_FRAME_KIND_BUSY)
	KindPing        = Kind(forestockv1.FrameKind_FRAME_KIND_PING)
	KindPong        = Kind(forestockv1.FrameKind_FRAME_KIND_PONG)
	KindFenced      = Kind(forestockv1.FrameKind_FRAME_KIND_FENCED)
	KindCellsWanted = Kind(forestockv1.FrameKind_FRAME_KIND_CELLS_WANTED)
	KindCells       = Kind(forestockv1.FrameKind_FRAME_KIND_CELLS)
	KindDownBatch   = Kind(forestockv1.FrameKind_FRAME_KIND_DOWN_BATCH)

	KindStatementWanted = Kind(forestockv1.FrameKind_FRAME_KIND_STATEMENT_WANTED)
	KindStatement       = Kind(forestockv1.FrameKind_FRAME_KIND_STATEMENT)
	KindTrace           = Kind(forestockv1.FrameKind_FRAME_KIND_TRACE)
	KindTraced          = Kind(forestockv1.FrameKind_FRAME_KIND_TRACED)

	KindOrders      = Kind(forestockv1.FrameKind_FRAME_KIND_ORDERS)
	KindOrdersTaken = Kind(forestockv1.FrameKind_FRAME_KIND_ORDERS_TAKEN)
)

// kinds names every kind and the ways that it travels, so that a hub never
// unpacks what only a hub sends, and the other way round.
var kinds = [...]struct {
	name     string
	up, down bool
}{
	KindHello:       {name: "hello", up: true},
	KindWelcome:     {name: "welcome", down: true},
	KindBatch:       {name: "batch", up: true},
	KindAck:         {name: "ack", up: true, down: true},
	KindGap:         {name: "gap", up: true, down: true},
	KindBusy:        {name: "busy", up: true, down: true},
	KindPing:        {name: "ping", up: true},
	KindPong:        {name: "pong", down: true},
	KindFenced:      {name: "fenced", down: true},
	KindCellsWanted: {name: "cells_wanted", down: true},
	KindCells:       {name: "cells", up: true},
	KindDownBatch:   {name: "down_batch", down: true},

	KindStatementWanted: {name: "statement_wanted", up: true, down: true},
	KindStatement:       {name: "statement", up: true, down: true},
	KindTrace:           {name: "trace", up: true},
	KindTraced:          {name: "traced", down: true},

	KindOrders:      {name: "orders", up: true},
	KindOrdersTaken: {name: "orders_taken", down: true},
}

// String gives the kind's name, "unknown" for one that this version does not
// know.
func (k Kind) String() string {
	if k <= 0 || int(k) >= len(kinds) {
		return "unknown"
	}
	return kinds[k].name
}

func (k Kind) travels(w way) bool {
	if k <= 0 || int(k) >= len(kinds) {
		return false
	}
	if w == up {
		return kinds[k].up
	}
	return kinds[k].down
}

// way is the direction that a frame travels in.
type way bool

const (
	up   way = true
	down way = false
)
