package agentd

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/forestock/forestock/agent/devices"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/firmware-bridge/scale"
	"github.com/forestock/forestock/firmware-bridge/scanner"
)

// Device is a scale, a scanner or a label printer in the configuration.
type Device struct {
	Name     string `yaml:"name"`     // in movements, on pages and in metrics
	Kind     string `yaml:"kind"`     // scale, scanner or printer
	Port     string `yaml:"port"`     // /dev/serial/by-id/…, /dev/serial/by-path/…, tcp://host:port or lend://host:port/device
	KeyFile  string `yaml:"key_file"` // the key shared with the lender of a lend:// port
	Line     string `yaml:"line"`     // "9600 8N1"; empty is the protocol's usual one
	Station  string `yaml:"station"`  // whose inputs it makes, s1 without it; whose labels it prints, everybody's without it
	Protocol string `yaml:"protocol"` // of a scale: enq-dc1 without it; of a scanner: ssi where it wants its packets answered; of a printer: zpl, or tspl
	Unit     string `yaml:"unit"`     // of a scale whose protocol does not say it: kg, g …
	Prefix   string `yaml:"prefix"`   // of a scanner: what stands before each code
	Suffix   string `yaml:"suffix"`   // of a scanner: CR, LF, CRLF, TAB, ETX, NONE; any of the usual ones without it
	Label    string `yaml:"label"`    // in a printer: "60x40", mm, or "60x40@300" with its dots in an inch
	OneWay   bool   `yaml:"one_way"`  // of a printer: it answers nothing
}

// defaultStation is where devices without one belong.
const defaultStation = "s1"

// parseDevice reads "name=scale-1,kind=scale,port=/dev/ttyUSB0".
func parseDevice(text string) (Device, error) {
	var d Device
	fields := map[string]*string{
		"name": &d.Name, "kind": &d.Kind, "port": &d.Port, "key_file": &d.KeyFile, "line": &d.Line, "station": &d.Station,
		"protocol": &d.Protocol, "unit": &d.Unit, "prefix": &d.Prefix, "suffix": &d.Suffix, "label": &d.Label,
	}
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(part, "=")
		if strings.TrimSpace(key) == "one_way" {
			d.OneWay = strings.TrimSpace(value) == "true"
			continue
		}
		field := fields[strings.TrimSpace(key)]
		if field == nil {
			return d, fmt.Errorf("device %q: %q is none of name, kind, port, key_file, line, station, protocol, unit, prefix, suffix, label, one_way", text, key)
		}
		*field = strings.TrimSpace(value)
	}
	return d, nil
}

func validateDevices(all []Device, r floor.Rules) error {
	configs, err := deviceConfigs(all, r)
	return errors.Join(err, r.Validate(), devices.Validate(configs), validatePrinters(all, stations(configs)))
}

func deviceConfigs(all []Device, r floor.Rules) ([]devices.Config, error) {
	var out []devices.Config
	var errs []error
	for _, d := range all {
		if d.Kind == printerKind {
			continue // see printerConfigs
		}
		c := devices.Config{
			Name: d.Name, Kind: devices.Kind(d.Kind), Address: d.Port, Line: d.Line, Station: d.Station,
			Protocol: d.Protocol, Prefix: scanner.ParseName(d.Prefix), Repeat: r.LongestRepeat(),
		}
		if c.Station == "" {
			c.Station = defaultStation
		}
		if c.Kind == devices.Scanner {
			c.SSI, c.Protocol = d.Protocol == "ssi", ""
			if d.Protocol != "" && !c.SSI {
				errs = append(errs, fmt.Errorf("device %s: a scanner's protocol is ssi, or none", d.Name))
			}
		}
		var err error
		c.Key, err = d.key()
		errs = append(errs, err)
		if d.Unit != "" {
			unit, ok := scale.ParseUnit(d.Unit)
			if !ok {
				errs = append(errs, fmt.Errorf("device %s: unit %q is not known: write kg or g", d.Name, d.Unit))
			}
			c.Unit = unit
		}
		switch d.Suffix {
		case "":
		case "NONE":
			c.Suffixes = []string{}
		default:
			c.Suffixes = []string{scanner.ParseName(d.Suffix)}
		}
		out = append(out, c)
	}
	return out, errors.Join(errs...)
}

// key reads the key that is shared with the lender of a device.
func (d *Device) key() (string, error) {
	if d.KeyFile == "" {
		return "", nil
	}
	key, err := os.ReadFile(d.KeyFile)
	if err != nil {
		return "", fmt.Errorf("device %s: read its key: %w", d.Name, err)
	}
	return strings.TrimSpace(string(key)), nil
}

// stations gives the names of all stations, those of the devices first.
func stations(all []devices.Config) []string {
	var out []string
	seen := make(map[string]bool)
	for _, d := range all {
		if !seen[d.Station] {
			seen[d.Station] = true
			out = append(out, d.Station)
		}
	}
	if len(out) == 0 {
		out = []string{defaultStation}
	}
	return out
}
