package devices

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/scale"
	"github.com/forestock/forestock/firmware-bridge/scanner"
	"github.com/forestock/forestock/proto/stock"
)

// Kind says what a device is.
type Kind string

// The kinds of device.
const (
	Scale   Kind = "scale"
	Scanner Kind = "scanner"
)

// Config describes one device. Only Name, Kind and Address are needed.
type Config struct {
	Name    string // in movements, on pages and in metrics
	Kind    Kind
	Address string // a stable path below /dev/serial/by-id or by-path, tcp://host:port, or lend://host:port/device
	Key     string // shared with the lender of a lend:// address: 64 hexadecimal digits
	Line    string // "9600 8N1"; empty is the protocol's usual one
	Station string // whose inputs it makes

	// Of a scale:
	Protocol string     // a name or alias of scale.Protocols; enq-dc1 by default
	Unit     scale.Unit // what the wire does not say

	// Of a scanner:
	SSI      bool // it sends packets and waits for an answer to each
	Prefix   string
	Suffixes []string      // nil: any of the usual ones
	Repeat   time.Duration // within which the same code is a double read; 0 is never
}

// device is a configuration in the terms of the packages that do the work.
type device struct {
	Config
	port     port.Config
	protocol scale.Protocol
	profile  scale.Profile
	framing  scanner.Config
}

// Validate reports everything that is wrong with the devices, by their names.
func Validate(all []Config) error {
	_, err := prepare(all)
	return err
}

func prepare(all []Config) ([]device, error) {
	var out []device
	var errs []error
	names, addresses := make(map[string]bool), make(map[string]string)
	for i, c := range all {
		d, err := c.prepare()
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("device %s: %w", cmp.Or(c.Name, fmt.Sprintf("number %d", i+1)), err))
		case names[c.Name]:
			errs = append(errs, fmt.Errorf("device %s: two devices have this name", c.Name))
		case addresses[c.Address] != "":
			errs = append(errs, fmt.Errorf("device %s: %s is the address of %s already", c.Name, c.Address, addresses[c.Address]))
		}
		names[c.Name], addresses[c.Address] = true, c.Name
		out = append(out, d)
	}
	return out, errors.Join(errs...)
}

func (c Config) prepare() (device, error) {
	d := device{Config: c, port: port.DefaultConfig()}
	if c.Name == "" {
		return d, errors.New("has no name")
	}
	if err := errors.Join(stock.CheckText(c.Name), stock.CheckText(c.Station)); err != nil {
		return d, err
	}
	line := c.Line
	var err error
	switch c.Kind {
	case Scale:
		line, err = d.prepareScale()
	case Scanner:
		err = d.prepareScanner()
	default:
		err = fmt.Errorf("kind %q: scale or scanner", c.Kind)
	}
	if err != nil {
		return d, err
	}
	d.port.Address, d.port.Key = c.Address, c.Key
	if line != "" {
		if d.port.Line, err = port.ParseLine(line); err != nil {
			return d, err
		}
	}
	return d, d.port.Validate()
}

func (d *device) prepareScale() (line string, err error) {
	d.protocol, err = scale.Find(cmp.Or(d.Protocol, "enq-dc1"))
	if err != nil {
		return "", err
	}
	d.profile = scale.Profile{Unit: d.Unit}
	return cmp.Or(d.Line, d.protocol.Line), d.protocol.Check(d.profile)
}

func (d *device) prepareScanner() error {
	d.framing = scanner.DefaultConfig()
	d.framing.Prefix, d.framing.Suffixes, d.framing.Repeat, d.framing.SSI = d.Prefix, d.Suffixes, d.Repeat, d.SSI
	return d.framing.Validate()
}
