package scale

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Protocol describes how a family of scales talks.
type Protocol struct {
	Name    string   // in configuration, such as "enq-dc1"
	Aliases []string // makers and models that speak it, also accepted as names
	Title   string   // for people
	Line    string   // the factory settings of the serial line, such as "9600 8N1"
	// SaysUnit and SaysStable report what is on the wire. Without a unit, Profile.Unit is needed; without stability, a
	// Dialogue infers it.
	SaysUnit, SaysStable bool

	decoder func(Profile) *Decoder
	poll    func(Profile) []Step          // nil: the scale sends by itself
	command func(Command, Profile) []Step // nil, or no steps: the scale has no such command
	why     []Step                        // asked after a poll was answered with NotReady, for scales that tell
	models  []model                       // aliases with requests of their own
}

// model is a maker's or device's own requests on top of a family's frames.
type model struct {
	aliases []string
	poll    func(Profile) []Step
	command func(Command, Profile) []Step
}

// Step is one request to a scale.
type Step struct {
	Send  []byte
	Until Until
	Wait  time.Duration // for what Until says
}

// Until is what ends a step.
type Until int

// What a step waits for.
const (
	Nothing  Until = iota // the scale does not answer
	AnAck                 // a Reply of kind Ack
	AReading              // a Reading
)

// Command is something a scale can be told to do.
type Command string

// The commands.
const (
	Zero      Command = "zero"       // take what is on the pan as zero, within the scale's zero range
	TakeTare  Command = "tare"       // take what is on the pan as tare
	ClearTare Command = "clear_tare" // forget the tare
)

// ErrUnsupported is returned for a command that a protocol does not have.
var ErrUnsupported = errors.New("this scale protocol has no such command")

// NewDecoder returns a decoder for one scale of this protocol.
func (p Protocol) NewDecoder(profile Profile) *Decoder { return p.decoder(profile) }

// Poll returns the requests that make the scale send one reading; none for a scale that sends by itself.
func (p Protocol) Poll(profile Profile) []Step {
	if p.poll == nil {
		return nil
	}
	return p.poll(profile)
}

// Command returns the requests that carry out a command, or ErrUnsupported.
func (p Protocol) Command(c Command, profile Profile) ([]Step, error) {
	if p.command != nil {
		if steps := p.command(c, profile); len(steps) > 0 {
			return steps, nil
		}
	}
	return nil, fmt.Errorf("%s on %s: %w", c, p.Name, ErrUnsupported)
}

// Check reports what the profile lacks for this protocol.
func (p Protocol) Check(profile Profile) error {
	if profile.Unit == NoUnit {
		if !p.SaysUnit {
			return fmt.Errorf("scale protocol %s sends no unit: configure it, such as unit: kg", p.Name)
		}
		return nil
	}
	if _, ok := ParseUnit(string(profile.Unit)); !ok {
		return fmt.Errorf("unit %q: want g, kg, lb or oz", profile.Unit)
	}
	return nil
}

// Protocols returns every protocol, in the order in which people should look for theirs.
func Protocols() []Protocol {
	return []Protocol{
		enqDC1, comma, sics, toledo8217, nci, mtContinuous, mtContinuousLUW, mtPrice, ohaus, sma, sbi,
		yaohuaTF0, yaohuaReversed, yaohuaForward, yaohuaA12E, yaohuaCommand, wwASCII, dialog06, plain,
	}
}

// Find returns the protocol of that name or alias, in upper or lower case, with the requests of the model that the alias
// names.
func Find(name string) (Protocol, error) {
	known := Protocols()
	wanted := strings.ToLower(name)
	for _, p := range known {
		if p.Name == wanted || slices.Contains(p.Aliases, wanted) {
			return p.as(wanted), nil
		}
	}
	names := make([]string, len(known))
	for i, p := range known {
		names[i] = p.Name
	}
	return Protocol{}, fmt.Errorf("unknown scale protocol %q: want one of %s", name, strings.Join(names, ", "))
}

// as returns the protocol as a model speaks it.
func (p Protocol) as(alias string) Protocol {
	for _, m := range p.models {
		if slices.Contains(m.aliases, alias) {
			p.poll, p.command = m.poll, m.command
		}
	}
	return p
}

// simple returns a command table: what to send, and what ends it.
func simple(until Until, wait time.Duration, send map[Command]string) func(Command, Profile) []Step {
	return func(c Command, _ Profile) []Step {
		bytes, ok := send[c]
		if !ok {
			return nil
		}
		return []Step{{Send: []byte(bytes), Until: until, Wait: wait}}
	}
}

// ask returns a poll of one request.
func ask(request string, wait time.Duration) func(Profile) []Step {
	return func(Profile) []Step { return []Step{{Send: []byte(request), Until: AReading, Wait: wait}} }
}
