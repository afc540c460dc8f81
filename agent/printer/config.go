package printer

import (
	"errors"
	"fmt"

	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/proto/stock"
)

// Config describes one printer. Only Name and Address are needed.
type Config struct {
	Name    string // on pages and in metrics
	Station string // whose labels it prints; empty: of every station without a printer of its own
	Address string // tcp://host:9100, a path below /dev/serial/by-id or by-path, or lend://host:port/device
	Key     string // shared with the lender of a lend:// address
	Line    string // "9600 8N1"; the default is 115200 8N1
	// Language is zpl or tspl; zpl by default.
	Language string
	// OneWay is for a printer that answers nothing: labels are sent as soon as the
	// line is open, and nobody notices that there is no paper.
	OneWay bool
	// Queue is how many labels wait at most.
	Queue int
}

// DefaultQueue is how many labels wait for a printer at most: more than staff make
// before they look after it.
const DefaultQueue = 100

// Validate reports everything that is wrong with the printers, by their names.
func Validate(all []Config) error {
	var errs []error
	names := make(map[string]bool)
	for _, c := range all {
		if _, err := c.prepare(); err != nil {
			errs = append(errs, fmt.Errorf("device %s: %w", c.Name, err))
		}
		if names[c.Name] {
			errs = append(errs, fmt.Errorf("device %s: two printers have this name", c.Name))
		}
		names[c.Name] = true
	}
	return errors.Join(errs...)
}

// prepared is a configuration in the terms of the packages that do the work.
type prepared struct {
	Config
	port     port.Config
	language language
}

func (c Config) prepare() (prepared, error) {
	p := prepared{Config: c, port: port.DefaultConfig()}
	if c.Name == "" {
		return p, errors.New("has no name")
	}
	if err := errors.Join(stock.CheckText(c.Name), stock.CheckText(c.Station)); err != nil {
		return p, err
	}
	var err error
	if p.language, err = speak(c.Language); err != nil {
		return p, err
	}
	if p.Queue == 0 {
		p.Queue = DefaultQueue
	}
	p.port.Address, p.port.Key = c.Address, c.Key
	// A printer stops reading while it prints: a label may take its time.
	p.port.WriteTimeout = sendTimeout
	line := c.Line
	if line == "" {
		line = "115200 8N1"
	}
	if p.port.Line, err = port.ParseLine(line); err != nil {
		return p, err
	}
	return p, p.port.Validate()
}
