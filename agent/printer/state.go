package printer

import (
	"context"
	"log/slog"
	"time"

	"github.com/forestock/forestock/firmware-bridge/port"
)

// Word names a state, as in JSON and in metrics: a state of the port, or, while
// the port is open, one of these.
type Word string

// The states of a printer whose line is open.
const (
	Waiting   Word = "waiting" // asked, and not answered yet
	Ready     Word = "ready"
	Printing  Word = "printing"
	PaperOut  Word = "paper_out"
	RibbonOut Word = "ribbon_out"
	HeadOpen  Word = "head_open"
	Paused    Word = "paused"
	Fault     Word = "fault"
	Silent    Word = "silent"
	Garbled   Word = "garbled"
)

// messages say what is wrong and what to do.
var messages = map[Word]string{
	Waiting:   "the printer was asked how it is",
	Ready:     "the printer is ready",
	Printing:  "the printer is printing",
	PaperOut:  "the printer has no labels: put a roll in; what waits is printed then",
	RibbonOut: "the printer has no ribbon: put one in; what waits is printed then",
	HeadOpen:  "the printer is open: close its lid; what waits is printed then",
	Paused:    "the printer is paused: press its pause or feed key",
	Fault:     "the printer has a fault, such as a jam or a head that is too hot: look at its lamp, open and close it, or switch it off and on",
	Silent:    "the printer does not answer: check that it is on and that its language is the configured one; where it cannot answer, configure one_way",
	Garbled:   "the printer's answer cannot be understood: check the configured language, and the speed of its line",
}

// State is how a printer is.
type State struct {
	Name    string
	Station string
	Word    Word
	Since   time.Time
	Message string // what is wrong and what to do
	Address string // as configured
	Node    string // what the address leads to now; empty when nowhere
	Waiting int    // labels that are not printed yet, copies not counted
	Printed uint64 // labels since the start, copies not counted
	Refused uint64 // labels since the start that found the queue full, or that could not be drawn
}

// Usable reports whether what is sent now will be printed soon.
func (s State) Usable() bool { return s.Word == Ready || s.Word == Printing }

// become notes a state.
func (p *Printer) become(w Word, s port.Status) {
	message := messages[w]
	if message == "" {
		message = s.Message()
	}
	p.mu.Lock()
	changed := p.state.Word != w
	if changed {
		p.state.Since = time.Now()
	}
	p.state.Word, p.state.Message, p.state.Node = w, message, s.Node
	p.mu.Unlock()
	if changed && w != Printing && w != Waiting {
		p.log.Log(context.Background(), level(w), "printer is "+string(w), "address", p.Address, "what", message)
	}
}

// State gives how the printer is. It is safe for concurrent use.
func (p *Printer) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.state
	s.Waiting = int(p.waiting.Load())
	if p.trouble != "" {
		s.Message += "; a label was not printed: " + p.trouble
	}
	return s
}

func level(w Word) slog.Level {
	if w == Ready {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}
