package agentd

import (
	"strconv"
	"strings"
	"time"

	"github.com/forestock/forestock/firmware-bridge/scale"
	"github.com/forestock/forestock/firmware-bridge/scanner"
)

// Heard is what a device says just now, as /api/devices tells it to people who
// try one.
type Heard struct {
	Name   string     `json:"name"`
	Weight *WeighedAs `json:"weight"` // of a scale that works; null otherwise
	Scans  []ScanAs   `json:"scans"`  // of a scanner, the newest first
}

// WeighedAs is what a scale shows.
type WeighedAs struct {
	Text   string    `json:"text"` // as the scale writes it, with its unit
	Stable bool      `json:"stable"`
	Fault  string    `json:"fault"`
	Frame  string    `json:"frame"` // the bytes, readable
	At     time.Time `json:"at"`
}

// ScanAs is what a scanner sent.
type ScanAs struct {
	Kind string    `json:"kind"` // code, double, no_read or broken
	AIM  string    `json:"aim"`  // the symbology identifier; empty where the scanner sends none
	Data string    `json:"data"`
	Raw  string    `json:"raw"` // the bytes, readable
	At   time.Time `json:"at"`
}

// heard asks every scale and scanner.
func (s *shift) heard() []Heard {
	out := []Heard{}
	for _, d := range s.devices.States() {
		h := Heard{Name: d.Device, Scans: []ScanAs{}}
		if r, ok := s.devices.Latest(d.Device); ok {
			h.Weight = weighedAs(&r)
		}
		for i := range d.Recent {
			h.Scans = append(h.Scans, scanAs(&d.Recent[i]))
		}
		out = append(out, h)
	}
	return out
}

func weighedAs(r *scale.Reading) *WeighedAs {
	text := r.Value.String() + " " + string(r.Unit)
	if r.Fault != "" {
		text = ""
	}
	return &WeighedAs{Text: strings.TrimSpace(text), Stable: r.Stability == scale.Stable, Fault: string(r.Fault), Frame: readable(r.Raw), At: r.At}
}

func scanAs(s *scanner.Scan) ScanAs {
	return ScanAs{Kind: string(s.Kind), AIM: s.AIM, Data: readable(s.Data), Raw: readable(s.Raw), At: s.At}
}

// readable writes bytes for people: what does not print as \r or \x1d.
func readable(b []byte) string {
	quoted := strconv.QuoteToASCII(string(b))
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
