package scale

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A table is testdata/<protocol>.txt: what bytes mean, from manuals and captures.
type frame struct {
	in   string
	want string
	line string
}

type table struct {
	protocol Protocol
	profile  Profile
	frames   []frame
}

func readTables(tb testing.TB) []table {
	tb.Helper()
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no tables: %v", err)
	}
	tables := make([]table, len(paths))
	for i, p := range paths {
		tables[i] = readTable(tb, p)
	}
	return tables
}

func readTable(tb testing.TB, path string) table {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	protocol, err := Find(strings.TrimSuffix(filepath.Base(path), ".txt"))
	if err != nil {
		tb.Fatal(err)
	}
	t := table{protocol: protocol}
	scan := bufio.NewScanner(f)
	for n := 1; scan.Scan(); n++ {
		text := strings.TrimSpace(scan.Text())
		if unit, ok := strings.CutPrefix(text, "unit "); ok {
			t.profile.Unit = Unit(unit)
			continue
		}
		if text == "" || text[0] == '#' {
			continue
		}
		in, want, ok := strings.Cut(text, "=>")
		bytes, err := strconv.Unquote(strings.TrimSpace(in))
		if !ok || err != nil {
			tb.Fatalf("%s:%d: %q: %v", path, n, text, err)
		}
		t.frames = append(t.frames, frame{bytes, strings.TrimSpace(want), fmt.Sprintf("%s:%d", path, n)})
	}
	return t
}

// describe writes events as the tables do.
func describe(events []Event) string {
	if len(events) == 0 {
		return "nothing"
	}
	var all []string
	for _, e := range events {
		all = append(all, describeOne(e))
	}
	return strings.Join(all, "; ")
}

func describeOne(e Event) string {
	var words []string
	var details []Detail
	switch e := e.(type) {
	case Broken:
		return "broken " + string(e.Reason)
	case Reply:
		words = append(words, string(e.Kind))
		if e.Command != "" {
			words = append(words, string(e.Command))
		}
		if e.Code != "" {
			words = append(words, e.Code)
		}
		details = e.Details
	case Reading:
		words = describeReading(e)
		details = e.Details
	}
	for _, d := range details {
		words = append(words, d.Name+"="+d.Value)
	}
	return strings.Join(words, " ")
}

func describeReading(r Reading) []string {
	if r.Fault != NoFault {
		return []string{"fault", string(r.Fault)}
	}
	words := []string{string(r.Kind), r.Value.String()}
	if r.Kind == Weight {
		words = []string{r.Value.String(), string(r.Unit)}
	}
	words = append(words, string(r.Stability))
	if r.Mode != AnyMode {
		words = append(words, string(r.Mode))
	}
	if r.AtZero {
		words = append(words, "zero")
	}
	return words
}

var epoch = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func TestDecoders_ReadTheFramesOfManualsAndCaptures(t *testing.T) {
	for _, table := range readTables(t) {
		for _, f := range table.frames {
			got := describe(table.protocol.NewDecoder(table.profile).Feed([]byte(f.in), epoch))
			if got != f.want {
				t.Errorf("%s: %q\n got  %s\n want %s", f.line, f.in, got, f.want)
			}
		}
	}
}

func TestProtocols_AllHaveATable(t *testing.T) {
	for _, p := range Protocols() {
		if _, err := os.Stat(filepath.Join("testdata", p.Name+".txt")); err != nil {
			t.Errorf("protocol %s has no frames to prove it: %v", p.Name, err)
		}
	}
}

// feeder is what the property below is about.
type feeder interface {
	Feed(b []byte, at time.Time) []Event
}

// splitMatters feeds a stream whole and in pieces and returns the difference.
func splitMatters(t *rapid.T, fresh func() feeder, stream []byte) string {
	want := fresh().Feed(stream, epoch)
	split := fresh()
	var got []Event
	for rest := stream; len(rest) > 0; {
		n := rapid.IntRange(1, len(rest)).Draw(t, "bytes")
		got = append(got, split.Feed(rest[:n], epoch)...)
		rest = rest[n:]
	}
	return cmp.Diff(want, got)
}

// All frames of a table in one stream, cut anywhere, give the same events as the whole stream at once.
func TestDecoders_DoNotCareHowBytesAreSplit(t *testing.T) {
	for _, table := range readTables(t) {
		t.Run(table.protocol.Name, rapid.MakeCheck(func(t *rapid.T) {
			var stream []byte
			for _, f := range rapid.SliceOfN(rapid.SampledFrom(table.frames), 1, 8).Draw(t, "frames") {
				stream = append(stream, f.in...)
			}
			if diff := splitMatters(t, func() feeder { return table.protocol.NewDecoder(table.profile) }, stream); diff != "" {
				t.Fatalf("split (-whole +split):\n%s", diff)
			}
		}))
	}
}

// forgetful takes each chunk for whole frames, as programs do that were tested on a quiet desk.
type forgetful struct{ profile Profile }

func (f forgetful) Feed(b []byte, at time.Time) []Event {
	return comma.NewDecoder(f.profile).Feed(b, at)
}

// The negative control of the property: a decoder that does care is found out.
func TestDecoders_TheSplitPropertyFindsADecoderThatCares(t *testing.T) {
	found := false
	rapid.Check(t, func(t *rapid.T) {
		diff := splitMatters(t, func() feeder { return forgetful{} }, []byte("ST,GS,   0.123kg\r\nUS,GS,   0.488kg\r\n"))
		found = found || diff != ""
	})
	if !found {
		t.Error("a decoder that forgets passed")
	}
}

// A frame that stopped half way is never completed by bytes that come after a pause or a reconnection: what is read of the
// rest is at most what a decoder reads that has seen nothing before.
func TestDecoders_NeverJoinBytesAcrossAPauseOrAReset(t *testing.T) {
	for _, table := range readTables(t) {
		for _, f := range table.frames {
			for cut := 1; cut < len(f.in); cut++ {
				rest := []byte(f.in[cut:])
				alone := readings(table.protocol.NewDecoder(table.profile).Feed(rest, epoch))
				later := epoch.Add(frameGap)
				pause := table.protocol.NewDecoder(table.profile)
				pause.Feed([]byte(f.in[:cut]), epoch)
				pause.Gap(later)
				reset := table.protocol.NewDecoder(table.profile)
				reset.Feed([]byte(f.in[:cut]), epoch)
				reset.Reset()
				for name, d := range map[string]*Decoder{"pause": pause, "reset": reset} {
					for _, got := range readings(d.Feed(rest, later)) {
						if !slices.Contains(alone, got) {
							t.Errorf("%s: %s at %d: read %s, which is not in the rest %q", f.line, name, cut, got, rest)
						}
					}
				}
			}
		}
	}
}

func readings(events []Event) []string {
	var all []string
	for _, e := range events {
		if r, ok := e.(Reading); ok {
			all = append(all, describeOne(r))
		}
	}
	return all
}

// Where a protocol has a check, no single wrong bit makes another weight of a frame.
func TestDecoders_WithACheckNeverTakeAFlippedBitForAnotherWeight(t *testing.T) {
	checked := []string{"enq-dc1", "mt-continuous", "mt-continuous-luw", "yaohua-tf0", "yaohua-a12e", "yaohua-cmd"}
	flips, broken := 0, 0
	for _, table := range readTables(t) {
		if !slices.Contains(checked, table.protocol.Name) {
			continue
		}
		for _, f := range table.frames {
			if table.protocol.Name == "mt-continuous" && len(f.in) != mtFrame+1 {
				continue // the check byte is left out in some
			}
			right := readings(table.protocol.NewDecoder(table.profile).Feed([]byte(f.in), epoch))
			for bit := range 8 * len(f.in) {
				wrong := []byte(f.in)
				wrong[bit/8] ^= 1 << (bit % 8)
				d := table.protocol.NewDecoder(table.profile)
				got := readings(append(d.Feed(wrong, epoch), d.Gap(epoch.Add(frameGap))...))
				for _, r := range got {
					if !slices.Contains(right, r) && !strings.Contains(f.want, "broken") {
						t.Errorf("%s: bit %d of byte %d wrong: read %s", f.line, bit%8, bit/8, r)
					}
				}
				if flips++; len(got) < len(right) {
					broken++
				}
			}
		}
	}
	if broken == 0 || flips == 0 {
		t.Errorf("%d flips, %d frames lost: this proves nothing", flips, broken)
	}
}

// Memory is bounded and there is no weight in noise that has no frame.
func TestDecoders_StayBoundedUnderEndlessNoise(t *testing.T) {
	for _, p := range Protocols() {
		d := p.NewDecoder(Profile{Unit: Kilogram})
		for i := range 1 << 14 {
			d.Feed([]byte{byte(0x80 | i)}, epoch)
			if got := len(d.Pending()); got > 512 {
				t.Fatalf("%s holds %d bytes of noise", p.Name, got)
			}
		}
	}
}

// FuzzDecoders feeds every decoder anything, in two pieces. What it proves: no panic, bounded memory, the split changes
// nothing, a fault has no value, every event carries bytes of the input as evidence.
func FuzzDecoders(f *testing.F) {
	for _, table := range readTables(f) {
		for _, fr := range table.frames {
			f.Add([]byte(fr.in), uint8(len(fr.in)/2))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint8) {
		at := min(int(cut), len(in))
		for _, p := range Protocols() {
			profile := Profile{Unit: Kilogram}
			whole := p.NewDecoder(profile)
			want := whole.Feed(in, epoch)
			split := p.NewDecoder(profile)
			got := append(split.Feed(in[:at], epoch), split.Feed(in[at:], epoch)...)
			if describe(got) != describe(want) {
				t.Fatalf("%s: split at %d: %s, whole: %s", p.Name, at, describe(got), describe(want))
			}
			checkEvents(t, p, in, want)
			if held := len(whole.Pending()); held > 512 {
				t.Fatalf("%s holds %d bytes", p.Name, held)
			}
		}
	})
}

func checkEvents(t *testing.T, p Protocol, in []byte, events []Event) {
	t.Helper()
	raw := 0
	for _, e := range events {
		switch e := e.(type) {
		case Reading:
			raw += len(e.Raw)
			if e.Fault != NoFault && (e.Value != Decimal{} || e.Unit != NoUnit) {
				t.Fatalf("%s: fault %s carries %s %s", p.Name, e.Fault, e.Value, e.Unit)
			}
			if e.Fault == NoFault && e.Kind == Weight && e.Unit == NoUnit {
				t.Fatalf("%s: weight %s without a unit", p.Name, e.Value)
			}
			if e.Value.Places < 0 || e.Value.Places > maxDigits || len(e.Raw) == 0 {
				t.Fatalf("%s: reading %+v", p.Name, e)
			}
		case Reply:
			raw += len(e.Raw)
		case Broken:
			raw += len(e.Raw)
		}
	}
	if raw > len(in) {
		t.Fatalf("%s: events carry %d bytes of %d", p.Name, raw, len(in))
	}
}
