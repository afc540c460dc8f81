package scanner

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"
)

// decodePacket is DECODE_DATA of an EAN-13 as the SE-923 integration guide describes it.
const decodePacket = "12f300000b32313132333435363738393030fc50"

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// packet builds one as a scanner does.
func packet(status, kind byte, data string) []byte {
	body := append([]byte{byte(5 + len(data)), 0xF3, 0, status, kind}, data...)
	sum := 0
	for _, c := range body {
		sum += int(c)
	}
	sum = (0x10000 - sum) & 0xFFFF
	return append(body, byte(sum>>8), byte(sum))
}

func TestSSI_AnswersEachPacket(t *testing.T) {
	const acked, resend = "04d00400ff28", "05d1040001ff25"
	cases := []struct {
		name, in, scans, answers string
	}{
		{"a code", decodePacket, `code ]E0 "2112345678900"`, acked},
		{"a wrong check", strings.Replace(decodePacket, "0b32", "0b33", 1), "broken", resend},
		{"a wrong check, then again", strings.Replace(decodePacket, "0b32", "0b33", 1) + decodePacket, `broken; code ]E0 "2112345678900"`, resend + acked},
		{"sent again because the answer was lost", hex.EncodeToString(packet(0, 3, "A")) + hex.EncodeToString(packet(1, 3, "A")), `code ]C0 "A"`, acked + acked},
		{"in two packets", hex.EncodeToString(packet(2, 0x1C, "LONG")) + hex.EncodeToString(packet(0, 0x1C, "ER")), `code ]Q1 "LONGER"`, acked + acked},
		{"the scanner's own identifier", hex.EncodeToString(packet(0, 0x1B, "]d20169")), `code ]d2 "0169"`, acked},
		{"a type that has none", hex.EncodeToString(packet(0, 8, "416000336108")), `code "416000336108"`, acked},
		{"an answer is not answered", acked, "", ""},
		{"a length that cannot be", "03", "broken", ""},
		{"half a packet", decodePacket[:20], "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := framer(t, func(c *Config) { c.SSI = true })
			if got := describe(f.Feed(unhex(t, c.in), epoch)); got != c.scans {
				t.Errorf("scans %s, want %s", got, c.scans)
			}
			if got := hex.EncodeToString(f.Answer()); got != c.answers {
				t.Errorf("answers %s, want %s", got, c.answers)
			}
			if again := f.Answer(); len(again) > 0 {
				t.Errorf("answered twice: %x", again)
			}
		})
	}
}

func TestSSI_GivesAHalfPacketUp(t *testing.T) {
	f := framer(t, func(c *Config) { c.SSI = true })
	f.Feed(unhex(t, decodePacket)[:9], epoch)
	got := describe(f.Feed(unhex(t, decodePacket), epoch.Add(time.Second)))
	if want := `broken; code ]E0 "2112345678900"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReadPacket_TakesApart(t *testing.T) {
	p, ok := ReadPacket(unhex(t, decodePacket))
	if !ok || p.Opcode != "DECODE_DATA" || p.Type != 0x0b || string(p.Data) != "2112345678900" {
		t.Errorf("got %+v, %v", p, ok)
	}
	for _, bad := range []string{"", "04", "04d00400ff29", "05d00400ff28", "04d00400ff"} {
		if p, ok := ReadPacket(unhex(t, bad)); ok {
			t.Errorf("%s: %+v", bad, p)
		}
	}
}
