package wire

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/forestock/forestock/proto/stock"
)

// MaxPresence bounds a presence hint in bytes.
const MaxPresence = 128

// Presence is the hint that an agent leaves with the broker: on while it is
// connected, off as its will. It names the boot, so that the late will of an
// earlier process is not taken for the present one's.
type Presence struct {
	Boot Boot
	On   bool
}

// presence is the hint as it travels: a line of JSON, so that a person with
// any MQTT client can read it.
type presence struct {
	Boot string `json:"boot"`
	On   bool   `json:"on"`
}

// Encode gives the bytes of the hint.
func (p Presence) Encode() []byte {
	return fmt.Appendf(nil, `{"boot":"%s","on":%t}`, p.Boot, p.On)
}

// DecodePresence reads a hint. The error wraps stock.ErrInvalid.
func DecodePresence(b []byte) (Presence, error) {
	var p presence
	if len(b) > MaxPresence {
		return Presence{}, fmt.Errorf("%w presence: %d bytes", stock.ErrInvalid, len(b))
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return Presence{}, fmt.Errorf("%w presence: %w", stock.ErrInvalid, err)
	}
	out := Presence{On: p.On}
	if n, err := hex.Decode(out.Boot[:], []byte(p.Boot[:min(len(p.Boot), 2*len(out.Boot))])); err != nil || n != len(out.Boot) || len(p.Boot) != 2*n {
		return Presence{}, fmt.Errorf("%w presence: boot %q", stock.ErrInvalid, p.Boot)
	}
	return out, nil
}
