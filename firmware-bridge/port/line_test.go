package port

import (
	"testing"

	"pgregory.net/rapid"
)

func TestParseLine_ReadsWhatPeopleWrite(t *testing.T) {
	cases := map[string]Line{
		"9600 8N1":   {9600, 8, NoParity, 1},
		"9600,7,e,1": {9600, 7, EvenParity, 1},
		"1200 7O2":   {1200, 7, OddParity, 2},
		"115200":     {115200, 8, NoParity, 1},
		"250000/8n1": {250000, 8, NoParity, 1},
	}
	for in, want := range cases {
		got, err := ParseLine(in)
		if err != nil || got != want {
			t.Errorf("ParseLine(%q) = %v, %v, want %v", in, got, err, want)
		}
		if again, err := ParseLine(got.String()); err != nil || again != got {
			t.Errorf("ParseLine(%q) = %v, %v, want it back", got.String(), again, err)
		}
	}
	for _, in := range []string{"", "fast", "0 8N1", "9600 8M1", "9600 9N1", "9600 8N3", "9600 8N", "-9600"} {
		if got, err := ParseLine(in); err == nil {
			t.Errorf("ParseLine(%q) = %v, want an error", in, got)
		}
	}
}

func TestParity_StripUndoesAddAndSeesEverySingleBitError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parity := rapid.SampledFrom([]Parity{EvenParity, OddParity}).Draw(t, "parity")
		plain := rapid.SliceOfN(rapid.ByteRange(0, 0x7F), 1, 40).Draw(t, "plain")
		wire := parity.Add(plain)
		clean := append([]byte(nil), wire...)
		if bad := parity.Strip(clean); bad != 0 || string(clean) != string(plain) {
			t.Fatalf("%q came back as %q with %d bad", plain, clean, bad)
		}
		at := rapid.IntRange(0, len(wire)-1).Draw(t, "at")
		wire[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if bad := parity.Strip(wire); bad != 1 || wire[at] != Corrupt {
			t.Fatalf("flipped bit in byte %d: %d bad, byte %x", at, bad, wire[at])
		}
	})
}
