package world

// Defect is a bug that a world can be given, to show that it would be found.
type Defect int

// The defects.
const (
	NoDefect              Defect = iota
	HubAnswersBeforeSync         // the hub acknowledges what is not on its disk yet
	StationForgetsID             // a station repeats an unanswered command under a new id
	AgentConfirmsUnstored        // an agent confirms the catalogue and does not store it
	DiskForgetsCommits           // a box comes back from a power cut as its program once found it
	AgentCarriesTooMuch          // a new ledger brings what the hub has already from the one before it
	AgentTellsNoOrders           // an agent does not tell a hub that was set back which orders it holds
	HubTellsWholeOrders          // a new box is told to pick what the one before it has picked
)

// Defects is how many there are, beside none.
const Defects = int(HubTellsWholeOrders)

// String names the defect.
func (d Defect) String() string {
	return [...]string{
		"none", "the hub answers before its disk has synced", "a station repeats a command under a new id",
		"an agent confirms a catalogue that it has not stored", "a box's disk forgets what it has synced",
		"a new ledger brings along what the hub has already", "an agent keeps to itself which orders it holds",
		"a new box is told to pick whole orders",
	}[d]
}
