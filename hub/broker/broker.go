package broker

import (
	"context"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Broker carries frames. Its methods are safe for concurrent use.
type Broker interface {
	// Run carries frames to r until ctx ends. Run it once.
	Run(ctx context.Context, r Receiver) error
	// Send hands a frame for a warehouse to the broker. That it was handed
	// over says nothing about its delivery. It does not wait for the agent.
	Send(ctx context.Context, w stock.Warehouse, frame []byte) error
	// Kick drops the connection of a warehouse's agent, where that is in the
	// broker's power.
	Kick(w stock.Warehouse)
}

// Receiver takes what agents send. Its methods are called from many goroutines
// at once, for one warehouse from one at a time, and must not wait: a receiver
// that has no room says so to the agent.
type Receiver interface {
	// Frame takes a frame; the bytes belong to the receiver.
	Frame(w stock.Warehouse, frame []byte)
	// Presence takes the hint that an agent came or went. It may be late.
	Presence(w stock.Warehouse, p wire.Presence)
}
