package ingest

import (
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Contact is what is known of an agent's signs of life. It lives in memory
// only: a hub that starts has heard of nobody.
type Contact struct {
	// Heard is when a valid frame of the present session came last.
	Heard time.Time
	// Complete is the last moment at which the hub had stored all that the
	// agent was known to have.
	Complete time.Time
	// Last is the newest entry that the agent was heard to have.
	Last stock.Seq
	// Offset is the agent's clock minus the hub's.
	Offset time.Duration
	// Online is the broker's hint that the agent is connected. It may be late.
	Online bool
	// Differ lists cells in which hub and agent differ at entry DifferAt, at
	// most maxDiffer of them; empty while they agree or it is not known yet.
	Differ   []Difference
	DifferAt stock.Seq
}

// Difference is a cell in which hub and agent differ.
type Difference struct {
	Cell       stock.Cell
	Hub, Agent int64 // base units on hand
}

// maxDiffer bounds the differences that are kept of one warehouse.
const maxDiffer = 200
