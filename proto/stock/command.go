package stock

import "crypto/sha256"

// Command is what somebody or something asks a ledger to book: all of its
// movements in one commit, or none.
type Command struct {
	// ID is chosen by whoever gives the command, 1 to 64 bytes, and is the key
	// to saying it again safely: the same ID is booked once.
	ID        string
	Movements []Movement
}

// Receipt says where a command was booked.
type Receipt struct {
	From Seq // number of its first entry
	To   Seq // number of its last entry
	// Replayed is set when the command had been booked before: From and To
	// are those of the first time, and nothing was written now.
	Replayed bool
}

// CommandSum stands for a command's id: the first half of its SHA-256.
type CommandSum [16]byte

// SumOfCommand gives the sum of a command's id.
func SumOfCommand(id string) CommandSum {
	sum := sha256.Sum256([]byte(id))
	return CommandSum(sum[:16])
}

// Booked names an entry by the command that asked for it.
type Booked struct {
	Command CommandSum
	Part    int
}
