package scanner

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func framer(tb testing.TB, change ...func(*Config)) *Framer {
	tb.Helper()
	cfg := DefaultConfig()
	for _, f := range change {
		f(&cfg)
	}
	f, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func describe(scans []Scan) string {
	var all []string
	for _, s := range scans {
		word := string(s.Kind)
		if s.Kind == Code || s.Kind == Double {
			word += " " + strings.TrimPrefix(s.AIM+" ", " ") + fmt.Sprintf("%q", s.Data)
		}
		if s.Count > 0 {
			word += fmt.Sprint(" x", s.Count)
		}
		all = append(all, word)
	}
	return strings.Join(all, "; ")
}

// Sources: Handheld 3220 and Cino FA470 manuals (message format), Zebra DS9908 manual (identifiers), Zebra DS9208 and
// Honeywell 1300g manuals (no-read message).
func TestFramer_ReadsWhatScannersSend(t *testing.T) {
	plain := func(*Config) {}
	cases := []struct {
		name   string
		change func(*Config)
		in     string
		want   string
	}{
		{"CR", plain, "2112345678900\r", `code "2112345678900"`},
		{"LF", plain, "2112345678900\n", `code "2112345678900"`},
		{"CR LF is one end", plain, "690\r\n691\r\n", `code "690"; code "691"`},
		{"TAB", plain, "690\t", `code "690"`},
		{"STX and ETX", plain, "\x02690\x03", `code "690"`},
		{"identifier", plain, "]E06901234567892\r", `code ]E0 "6901234567892"`},
		{"GS stays", plain, "]d20112312312312333\x1d99TEST\r", `code ]d2 "0112312312312333\x1d99TEST"`},
		{"a bracket that is no identifier", plain, "](01)\r", `code "](01)"`},
		{"only an identifier", plain, "]C1\r", `code ]C1 ""`},
		{"bytes above 7F stay", plain, "caf\xe9\r", `code "caf\xe9"`},
		{"no read", plain, "NR\r", "no_read"},
		{"no read with the identifier of Code 39", plain, "]A0NR\r", "no_read"},
		{"no read is off", func(c *Config) { c.NoRead = "" }, "NR\r", `code "NR"`},
		{"double read", plain, "690\r690\r690\r691\r690\r", `code "690"; double "690" x1; double "690" x2; code "691"; code "690"`},
		{"doubles allowed", func(c *Config) { c.Repeat = 0 }, "690\r690\r", `code "690"; code "690"`},
		{"same digits, other symbology", plain, "]E0690\r]C0690\r", `code ]E0 "690"; code ]C0 "690"`},
		{"prefix", func(c *Config) { c.Prefix = "S:" }, "S:690\r691\r", `code "690"; broken`},
		{"prefix alone", func(c *Config) { c.Prefix = "S:" }, "S:\r", "broken"},
		{"suffix of its own", func(c *Config) { c.Suffixes = []string{"##", "#!"} }, "1#2##3\r#!", `code "1#2"; code "3\r"`},
		{"the longest suffix wins", func(c *Config) { c.Suffixes = []string{"\n", "\r\n"} }, "690\r\n", `code "690"`},
		{"too long", plain, strings.Repeat("9", maxScan+1) + "\r690\r", `broken; code "690"`},
		{"far too long", plain, strings.Repeat("9", 3*maxScan) + "\r690\r", `broken; code "690"`},
		{"nothing", plain, "\r\n\r\n\t\x03", ""},
		{"frame without a code", plain, "\x02\x03", "broken"},
		{"not over yet", plain, "690", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := describe(framer(t, c.change).Feed([]byte(c.in), epoch)); got != c.want {
				t.Errorf("%q\n got  %s\n want %s", c.in, got, c.want)
			}
		})
	}
}

func TestFramer_EndsACodeByAPauseOnlyWhereThereIsNoSuffix(t *testing.T) {
	f := framer(t)
	f.Feed([]byte("690"), epoch)
	if want := epoch.Add(100 * time.Millisecond); !f.Deadline().Equal(want) {
		t.Errorf("deadline %v, want %v", f.Deadline(), want)
	}
	if got := f.Gap(epoch.Add(99 * time.Millisecond)); got != nil {
		t.Errorf("too early: %s", describe(got))
	}
	if got := describe(f.Gap(epoch.Add(100 * time.Millisecond))); got != `code "690"` {
		t.Errorf("scanner without a suffix: %s", got)
	}
	now := epoch.Add(time.Second)
	f.Feed([]byte("691\r"), now)
	f.Feed([]byte("692"), now)
	if got := describe(f.Feed([]byte("693\r"), now.Add(time.Second))); got != `broken; code "693"` {
		t.Errorf("scanner that sends a suffix: %s", got)
	}
	none := framer(t, func(c *Config) { c.Suffixes = []string{} })
	if got := none.Feed([]byte("69\r0"), epoch); got != nil {
		t.Errorf("a byte that is no suffix ended a code: %s", describe(got))
	}
	if got := describe(none.Gap(epoch.Add(time.Second))); got != `code "69\r0"` {
		t.Errorf("scanner set to none: %s", got)
	}
}

func TestFramer_ForgetsAFragmentWhenThePortWasReopened(t *testing.T) {
	f := framer(t)
	f.Feed([]byte("69012345"), epoch)
	f.Reset()
	if got := describe(f.Feed([]byte("67892\r"), epoch)); got != `code "67892"` {
		t.Errorf("got %s", got)
	}
}

func TestNew_RefusesWhatCannotWork(t *testing.T) {
	bad := map[string]Config{
		"nothing ends a code": {Suffixes: []string{}},
		"empty suffix":        {Suffixes: []string{""}, Gap: time.Second},
		"long suffix":         {Suffixes: []string{strings.Repeat("x", 17)}, Gap: time.Second},
		"negative gap":        {Gap: -1},
		"negative repeat":     {Repeat: -1},
		"long prefix":         {Prefix: strings.Repeat("x", maxScan+1)},
	}
	for name, cfg := range bad {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if got := ParseName("CRLF") + ParseName("NONE") + ParseName("#"); got != "\r\n#" {
		t.Errorf("names give %q", got)
	}
}

func TestFramer_DoesNotCareHowBytesAreSplit(t *testing.T) {
	piece := rapid.SampledFrom([]string{"6901234567892", "]E0", "]d2", "\r", "\n", "\r\n", "\t", "\x02", "\x03", "NR", "\x1d", "]", "\xff", "##"})
	rapid.Check(t, func(rt *rapid.T) {
		stream := []byte(strings.Join(rapid.SliceOfN(piece, 1, 30).Draw(rt, "pieces"), ""))
		change := rapid.SampledFrom([]func(*Config){
			func(*Config) {},
			func(c *Config) { c.Suffixes = []string{"##", "\r"} },
			func(c *Config) { c.Prefix = "\x02" },
			func(c *Config) { c.SSI = true },
		}).Draw(rt, "config")
		want := framer(t, change).Feed(stream, epoch)
		split := framer(t, change)
		var got []Scan
		for rest := stream; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "bytes")
			got = append(got, split.Feed(rest[:n], epoch)...)
			rest = rest[n:]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("split (-whole +split):\n%s", diff)
		}
	})
}

// FuzzFramer proves for any bytes: no panic, bounded memory, a code is a piece of the input that holds no suffix, and
// everything that arrived is accounted for by what came out, what is still pending, and empty frames.
func FuzzFramer(f *testing.F) {
	for _, s := range []string{"2112345678900\r", "]d2011231231231233310ABC\x1d99T\r\n", "\x02NR\x03", "]A0NR\r", "a\rb\tc\n", "\r\n\r\n"} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint8) {
		at := min(int(cut), len(in))
		fuzzSSI(t, in, at)
		whole, split := framer(t), framer(t)
		want := whole.Feed(in, epoch)
		got := append(split.Feed(in[:at], epoch), split.Feed(in[at:], epoch)...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("split at %d (-whole +split):\n%s", at, diff)
		}
		if len(whole.buf) > maxScan {
			t.Fatalf("holds %d bytes", len(whole.buf))
		}
		for _, s := range want {
			if !bytes.Contains(in, s.Raw) || bytes.ContainsAny(s.Data, "\r\n\t\x03") || !bytes.Contains(s.Raw, s.Data) {
				t.Fatalf("scan %+v of %q", s, in)
			}
			if s.Data != nil && s.Kind != Code && s.Kind != Double {
				t.Fatalf("%s carries data %q", s.Kind, s.Data)
			}
		}
	})
}

// fuzzSSI proves for any bytes as packets: no panic, the split changes nothing, bounded memory, and every code came in
// packets that are right.
func fuzzSSI(t *testing.T, in []byte, at int) {
	t.Helper()
	ssi := func(c *Config) { c.SSI = true }
	whole, split := framer(t, ssi), framer(t, ssi)
	want := whole.Feed(in, epoch)
	got := append(split.Feed(in[:at], epoch), split.Feed(in[at:], epoch)...)
	if diff := cmp.Diff(want, got) + cmp.Diff(whole.Answer(), split.Answer()); diff != "" {
		t.Fatalf("split at %d (-whole +split):\n%s", at, diff)
	}
	if held := len(whole.ssi.buf) + len(whole.ssi.code); held > maxScan+512 {
		t.Fatalf("holds %d bytes", held)
	}
	for _, s := range want {
		if s.Kind == Broken {
			continue
		}
		if _, ok := ReadPacket(s.Raw[len(s.Raw)-lastPacket(s.Raw):]); !ok {
			t.Fatalf("code %q of packets %x", s.Data, s.Raw)
		}
	}
}

// lastPacket returns the length of the last packet of a chain.
func lastPacket(raw []byte) int {
	n := 0
	for rest := raw; len(rest) > 0; rest = rest[min(n, len(rest)):] {
		n = int(rest[0]) + ssiCheck
	}
	return n
}
