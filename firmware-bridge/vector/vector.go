// Package vector says in a neutral form what the decoders make of a piece of input, so that tests, other programs and people
// can compare it with what a manual says.
//
// A Vector and its Result are JSON objects. Weights are decimal strings. A result has an "error" or a meaning, never both.
package vector

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Vector is one piece of input.
type Vector struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`  // what to do with it, see Kinds
	Proto  string   `json:"proto"` // the scale protocol, or the form of a code
	Hex    string   `json:"input_hex"`
	Text   string   `json:"input_text"`
	Chunks []string `json:"input_chunks_hex"`
	Config Config   `json:"config"`
}

// Config is what the wire does not say.
type Config struct {
	Unit     string `json:"unit"`
	Port     string `json:"port"`
	Parity   string `json:"soft_parity"` // even or odd
	Prefix   string `json:"prefix"`
	Suffix   string `json:"suffix"`
	Gap      *int   `json:"gap_ms"`
	Debounce *int   `json:"debounce_ms"`
	Pattern  string `json:"pattern"`
	Check    *bool  `json:"check"` // false: take labels with a wrong check digit
}

// Result is what the input means.
type Result map[string]any

// kinds says who understands which kind.
var kinds = map[string]func(Vector, []byte) Result{
	"scale":          scaleOne,
	"scale_chunked":  scaleOne,
	"scale_cmd":      scaleOne,
	"scale_stream":   scaleStream,
	"ssi":            ssi,
	"digital_link":   digitalLink,
	"scan":           scan,
	"scan_frame":     scanFrame,
	"ai":             elements,
	"gtin":           gtin,
	"gtin_normalise": normalise,
	"sscc":           sscc,
	"date":           date,
	"varmeasure":     measured,
	"pw_check":       verifier,
}

// now is the day on which vectors are read: it decides the century of dates.
var now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Decode reads one vector as a line of JSON and returns its id and what it means. The error is for input that is no vector.
func Decode(line []byte) (id string, r Result, err error) {
	var v Vector
	if err := json.Unmarshal(line, &v); err != nil {
		return "", nil, fmt.Errorf("read vector: %w", err)
	}
	kind, ok := kinds[v.Kind]
	if !ok {
		return v.ID, nil, fmt.Errorf("vector %s: kind %q is unknown", v.ID, v.Kind)
	}
	in, err := v.input()
	if err != nil {
		return v.ID, nil, fmt.Errorf("vector %s: %w", v.ID, err)
	}
	return v.ID, kind(v, in), nil
}

// input returns the bytes however they are given.
func (v Vector) input() ([]byte, error) {
	if v.Text != "" {
		return []byte(v.Text), nil
	}
	digits := strings.Map(func(r rune) rune {
		if r == ' ' {
			return -1
		}
		return r
	}, v.Hex+strings.Join(v.Chunks, ""))
	b, err := hex.DecodeString(digits)
	if err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	return b, nil
}

func failed(code string) Result { return Result{"error": code} }
