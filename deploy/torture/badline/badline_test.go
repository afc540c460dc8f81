package badline

import (
	"flag"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

var (
	seed    = flag.Uint64("seed", 1, "of the lines")
	weather = flag.Duration("weather", time.Minute, "virtual time of bad weather; make torture asks for more")
)

// Whatever the line does to packets and connections, every command that the
// warehouse was told is saved reaches the hub once, whole and in order; and the
// bytes that this takes stay within a few times of what a fair line takes.
func TestBadLine_NothingIsLostOrDoubled(t *testing.T) {
	var ideal int64
	synctest.Test(t, func(t *testing.T) {
		c := travel(t, map[string]Weather{"fair": {}})["fair"]
		ideal = c.Up + c.Down
	})
	synctest.Test(t, func(t *testing.T) {
		for name, c := range travel(t, Bad()) {
			ratio := float64(c.Up+c.Down) / float64(ideal)
			t.Logf("%s: %.2f times the bytes of a fair line; %+v", name, ratio, c)
			if ratio > maxRatio {
				t.Errorf("%s: %.2f times the bytes of a fair line, want at most %d", name, ratio, maxRatio)
			}
			if w := Bad()[name]; (w.Vanish > 0 && c.Vanished == 0) || (w.Loss > 0 && c.SentAgain == 0) || (w.Up.Max > 0 && c.Closed+c.Reset+c.Holes == 0) {
				t.Errorf("%s: nothing happened: the test showed nothing", name)
			}
		}
	})
}

// maxRatio bounds the bytes on a bad line. What waits travels together, which
// saves more than what is sent again costs.
const maxRatio = 2

// travel lets agents work behind lines of every weather, and then under a clear
// sky until all has arrived. It gives what each line has seen.
func travel(t *testing.T, weathers map[string]Weather) map[string]Counts {
	t.Helper()
	w := newWorld(t, pipes{})
	var agents []*agent
	for i, name := range slices.Sorted(maps.Keys(weathers)) {
		agents = append(agents, w.newAgent(i, name, weathers[name]))
	}
	for began := time.Now(); time.Since(began) < *weather; time.Sleep(time.Second) {
		for _, a := range agents {
			a.book(1)
		}
	}
	out := make(map[string]Counts)
	for _, a := range agents {
		a.line.Change(Weather{})
	}
	for _, a := range agents {
		took := a.arrived(10 * time.Minute)
		out[a.name] = a.line.Counts()
		t.Logf("%s: %d commands, the last arrived %v after the weather cleared", a.name, len(a.booked), took.Round(time.Millisecond))
	}
	for _, a := range agents {
		a.stop()
	}
	w.stopHub()
	time.Sleep(time.Minute) // what the MQTT libraries left behind ends
	return out
}

// TestBadLine_TheAccountantNoticesEverything is the negative control: an entry
// that is dropped after it was acknowledged, one that counts twice, and two
// that changed places.
func TestBadLine_TheAccountantNoticesEverything(t *testing.T) {
	booked := []string{"a", "b", "c"}
	entry := func(seq stock.Seq, id string, part int) stock.Entry {
		return stock.Entry{Seq: seq, Command: id, Part: part}
	}
	for _, tt := range []struct {
		name   string
		stored []stock.Entry
		right  bool
	}{
		{"right", []stock.Entry{entry(1, "a", 0), entry(2, "b", 0), entry(3, "b", 1), entry(4, "c", 0)}, true},
		{"the last is lost", []stock.Entry{entry(1, "a", 0), entry(2, "b", 0)}, false},
		{"one is lost", []stock.Entry{entry(1, "a", 0), entry(2, "c", 0)}, false},
		{"a hole", []stock.Entry{entry(1, "a", 0), entry(3, "b", 0), entry(4, "c", 0)}, false},
		{"twice", []stock.Entry{entry(1, "a", 0), entry(2, "b", 0), entry(3, "b", 0), entry(4, "c", 0)}, false},
		{"changed places", []stock.Entry{entry(1, "b", 0), entry(2, "a", 0), entry(3, "c", 0)}, false},
	} {
		if err := account(booked, tt.stored); (err == nil) != tt.right {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
