// Package probe finds out what is attached to a machine's serial ports, for the person who sets devices up.
//
// It listens. Asking is done only on demand, because the bytes that ask one scale for its weight zero or tare another.
package probe

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/scale"
)

// Options says how to look.
type Options struct {
	Listen time.Duration // how long to listen at each port and speed; 0 only lists
	Ask    bool          // also send each protocol's request
	Lines  []port.Line   // the settings to try; empty means those of the known protocols
}

// Result is what was found out about one port.
type Result struct {
	port.Found
	Configure string     `json:"configure"`           // the name to put into the configuration
	State     port.State `json:"state"`               // after trying to open it; "opening" when it was only listed
	Message   string     `json:"message"`             // for the person
	Line      string     `json:"line,omitempty"`      // the settings at which something was understood
	Protocols []string   `json:"protocols,omitempty"` // what it may be: one name is an answer
	Heard     int        `json:"heard"`               // bytes
	Sample    string     `json:"sample,omitempty"`    // the first of them, in Go quotes
}

// Ports looks at the given addresses one after another, or at every port of the machine when there are none.
func Ports(ctx context.Context, addresses []string, o Options) ([]Result, error) {
	var found []port.Found
	for _, a := range addresses {
		found = append(found, port.Found{Node: a})
	}
	if len(addresses) == 0 {
		var err error
		if found, err = port.List(); err != nil {
			return nil, err
		}
	}
	results := []Result{}
	for _, f := range found {
		r := Result{Found: f, Configure: f.Stable(), State: port.Opening, Message: "not opened"}
		if o.Listen > 0 {
			if err := r.try(ctx, o); err != nil {
				return nil, err
			}
		}
		results = append(results, r)
	}
	return results, nil
}

// try goes through the line settings until something is understood.
func (r *Result) try(ctx context.Context, o Options) error {
	lines := o.Lines
	if len(lines) == 0 {
		lines = knownLines()
	}
	for _, l := range lines {
		if err := r.listen(ctx, l, o); err != nil {
			return err
		}
		if len(r.Protocols) > 0 {
			r.Line = l.String()
			return nil
		}
		if r.State.Open() && r.Heard > 0 {
			r.Message = "something is sent that no known scale protocol explains: a scanner, another speed or parity, or an unknown scale"
		}
		if !r.State.Open() {
			return nil
		}
	}
	return nil
}

// knownLines returns the settings with which the known protocols leave the factory.
func knownLines() []port.Line {
	var lines []port.Line
	for _, p := range scale.Protocols() {
		if l, err := port.ParseLine(p.Line); err == nil && !slices.Contains(lines, l) {
			lines = append(lines, l)
		}
	}
	return lines
}

// listen opens the port once and hears what comes.
func (r *Result) listen(ctx context.Context, line port.Line, o Options) error {
	cfg := port.DefaultConfig()
	cfg.Address, cfg.Line = r.Configure, line
	p, err := port.New(cfg)
	if err != nil {
		return fmt.Errorf("probe %s: %w", r.Configure, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	r.hear(ctx, p, line, o)
	cancel()
	for range p.Events() { // until Run has ended
	}
	return <-ended
}

func (r *Result) hear(ctx context.Context, p *port.Port, line port.Line, o Options) {
	guess := scale.NewGuess()
	over := time.NewTimer(o.Listen)
	defer over.Stop()
	for {
		select {
		case e := <-p.Events():
			if e.Status != nil {
				r.State, r.Message = e.Status.State, e.Status.Message()
				if !e.Status.State.Open() {
					return
				}
				continue
			}
			r.note(e.Bytes)
			guess.Feed(e.Bytes, e.At)
			if r.Protocols = guess.Names(); len(r.Protocols) > 0 {
				return
			}
		case <-over.C:
			if r.Heard == 0 && o.Ask {
				r.ask(ctx, p, line, o.Listen)
			}
			return
		case <-ctx.Done():
			return
		}
	}
}

// sampleSize is how many bytes a result shows.
const sampleSize = 64

func (r *Result) note(b []byte) {
	if r.Heard == 0 {
		r.Sample = fmt.Sprintf("%+q", b[:min(len(b), sampleSize)])
	}
	r.Heard += len(b)
}

// ask lets each protocol that polls, and leaves the factory with these settings, have a conversation, until one is answered
// with a reading.
func (r *Result) ask(ctx context.Context, p *port.Port, line port.Line, long time.Duration) {
	for _, protocol := range scale.Protocols() {
		profile := scale.Profile{Unit: scale.Kilogram}
		if len(protocol.Poll(profile)) == 0 || protocol.Line != line.String() {
			continue
		}
		d, err := scale.NewDialogue(protocol, profile, scale.Options{})
		if err != nil {
			continue
		}
		if r.converse(ctx, p, d, long) {
			r.Protocols = []string{protocol.Name}
			return
		}
	}
}

// converse reports whether the scale sent a reading.
func (r *Result) converse(ctx context.Context, p *port.Port, d *scale.Dialogue, long time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	events := d.Opened(time.Now())
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		for _, e := range events {
			if _, ok := e.(scale.Reading); ok {
				return true
			}
		}
		for q, ok := d.Next(); ok; q, ok = d.Next() {
			if p.Write(ctx, q.Bytes) != nil {
				return false
			}
		}
		timer.Reset(max(0, time.Until(d.Wake())))
		select {
		case e := <-p.Events():
			if e.Status != nil {
				return false
			}
			r.note(e.Bytes)
			events = d.Feed(e.Bytes, e.At)
		case <-timer.C:
			events = d.Tick(time.Now())
		case <-ctx.Done():
		}
	}
	return false
}
