package badline

import (
	"flag"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

var (
	hour = flag.Duration("hour", time.Minute, "length of the compressed partition; make torture asks for an hour")
	days = flag.Int("days", 1, "length of the virtual partition; make torture asks for 30")
)

// A partition at 20 entries a second, over TCP, in as little real time as the
// ledger takes to write them. The warehouse works on as before, and afterwards
// the hub gets everything in order and once.
func TestPartition_CompressedOverTCP(t *testing.T) {
	const perSecond = 20
	w := newWorld(t, tcp{})
	a := w.newAgent(0, "partition", Weather{})
	defer w.stopHub()
	defer a.stop()
	a.book(perSecond)
	a.arrived(time.Minute)
	before := a.waits(100, perSecond)
	a.arrived(time.Minute)
	a.line.Break()
	during := a.waits(int(hour.Seconds()), perSecond)
	backlog := a.ledger.Unsent()
	a.line.Change(Weather{})
	for began := time.Now(); a.link.Status().Session == 0; time.Sleep(time.Millisecond) {
		if time.Since(began) > 2*time.Minute { // a minute of jitter, and the hello
			t.Fatalf("no session after the partition: %+v", a.link.Status())
		}
	}
	open := a.ledger.Unsent()
	took := a.arrived(5 * time.Minute)
	t.Logf("%v without a hub: %d entries waited, and %d of them arrived in %v (%.0f/s); a command took %v in the middle and %v at worst before, %v and %v meanwhile",
		*hour, backlog, open, took.Round(time.Millisecond), float64(open)/took.Seconds(), before[len(before)/2], before[len(before)-1], during[len(during)/2], during[len(during)-1])
	if int(backlog) < int(hour.Seconds())*perSecond {
		t.Errorf("only %d entries waited: the test showed nothing", backlog)
	}
}

// waits books commands, and gives how long each took, shortest first.
func (a *agent) waits(commands, movements int) []time.Duration {
	var out []time.Duration
	for range commands {
		began := time.Now()
		a.book(movements)
		out = append(out, time.Since(began))
	}
	slices.Sort(out)
	return out
}

// Weeks without line and hub, in virtual time: the agent tries on and on, and
// then everything arrives in order and once.
func TestPartition_DaysInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perQuarter = 20
		w := newWorld(t, pipes{})
		a := w.newAgent(0, "partition", Weather{})
		a.book(perQuarter)
		a.arrived(time.Minute)
		a.line.Break()
		w.stopHub()
		for began := time.Now(); time.Since(began) < time.Duration(*days)*24*time.Hour; time.Sleep(15 * time.Minute) {
			a.book(perQuarter)
		}
		backlog, refused := a.ledger.Unsent(), a.line.Counts().Refused
		w.startHub()
		a.line.Change(Weather{})
		began := realTime()
		took := a.arrived(10 * time.Minute)
		real := realTime() - began
		t.Logf("%d days without a hub: %d entries waited, %d attempts to connect; all arrived after %v of virtual time and %v of real time (%.0f/s)",
			*days, backlog, refused, took.Round(time.Second), real.Round(time.Millisecond), float64(backlog)/real.Seconds())
		if backlog != uint64(*days*24*4*perQuarter) || refused == 0 {
			t.Errorf("%d entries waited and %d attempts failed: the test showed nothing", backlog, refused)
		}
		a.stop()
		w.stopHub()
		time.Sleep(time.Minute) // what the MQTT libraries left behind ends
	})
}

// realTime gives the time that goes on outside of a bubble too.
func realTime() time.Duration {
	var tv syscall.Timeval
	if err := syscall.Gettimeofday(&tv); err != nil {
		return 0
	}
	return time.Duration(tv.Nano())
}
