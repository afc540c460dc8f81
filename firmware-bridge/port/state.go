package port

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// State is what is known about a device's connection.
type State string

// The states of a port. The strings are stable: they appear in JSON and in metrics.
const (
	Opening      State = "opening"           // not tried yet
	Absent       State = "absent"            // nothing with that name; nothing listens at that address
	NoPermission State = "no_permission"     // the node exists, this user may not open it
	Busy         State = "busy"              // another program uses it
	NotSerial    State = "not_a_serial_port" // the path is something else
	Failed       State = "failed"            // the system refused for another reason, see Status.Err
	Ready        State = "ready"             // open
	Silent       State = "silent"            // open, but nothing has arrived for Config.SilentAfter
	Unplugged    State = "unplugged"         // was open, went away; whatever was known of the device is void
)

// Open reports whether bytes can travel in this state.
func (s State) Open() bool { return s == Ready || s == Silent }

// Status is a state with its circumstances.
type Status struct {
	State   State
	Since   time.Time
	Address string // as configured
	Node    string // the node the stable name led to, such as /dev/ttyUSB0; empty when it leads nowhere
	Opened  uint64 // how many times the device has been opened: 1 for the first opening
	Err     error  // why, for the log; nil when open
}

// Message says to the operator what is wrong and what to do, in one sentence.
func (s Status) Message() string {
	switch s.State {
	case Opening:
		return "opening " + s.Address
	case Absent:
		if strings.HasPrefix(s.Address, "lend://") {
			return s.Address + " cannot be reached: check the network, and that `firmware-bridge serve` runs there"
		}
		return s.Address + " is not there: plug the device in, check its cable and power"
	case NoPermission:
		if strings.HasPrefix(s.Address, "lend://") {
			return s.Address + " does not take our key: check that both sides have the same"
		}
		return s.Address + " may not be opened by this user: add the user to the group dialout, or install the udev rules"
	case Busy:
		return s.Address + " is used by another program: stop that program"
	case NotSerial:
		return s.Address + " is not a serial port: choose one that `firmware-bridge probe` lists"
	case Ready:
		return s.Address + " is ready"
	case Silent:
		return s.Address + " is open but sends nothing: check that the device is on and sends by itself"
	case Unplugged:
		return s.Address + " went away: plug it in again"
	case Failed:
		return fmt.Sprintf("%s cannot be opened: %v", s.Address, s.Err)
	}
	return s.Address + " is in state " + string(s.State)
}

// The errors of Write and Flush.
var (
	// ErrNotOpen says that the device is not open now; Status tells why.
	ErrNotOpen = errors.New("device is not open")
	// ErrUnplugged says that the device went away while it was used.
	ErrUnplugged = errors.New("device was unplugged")
	// ErrWriteStuck says that the peer did not take the bytes in time; the port reopens.
	ErrWriteStuck = errors.New("device does not take what is written")
)

// openError is why an opening failed, with the state it means.
type openError struct {
	state State
	node  string
	err   error
}

func (e *openError) Error() string { return e.err.Error() }

func (e *openError) Unwrap() error { return e.err }
