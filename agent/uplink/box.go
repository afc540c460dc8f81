package uplink

import (
	crand "crypto/rand"

	"github.com/forestock/forestock/proto/wire"
)

// Box is one process of the agent, as the hub knows it. Links that follow each
// other in a process share it: when the ledger is made anew, the hub then knows
// at once that no other box has come. One Link uses it at a time.
type Box struct {
	boot   wire.Boot
	hellos uint64 // so far; they ascend, so that a late copy is known for what it is
}

// NewBox draws the identity of this process.
func NewBox() (*Box, error) {
	b := new(Box)
	_, err := crand.Read(b.boot[:])
	return b, err
}
