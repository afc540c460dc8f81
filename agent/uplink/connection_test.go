package uplink_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/uplink"
)

func TestLink_LeavesNoGoroutineBehind(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		a.journal.receive(t, 1)
		w.settled(30*time.Second, a)
		time.Sleep(time.Minute)
		before := runtime.NumGoroutine()
		for range 100 {
			w.net.cut()
			w.net.mend()
			a.journal.receive(t, 1)
			w.settled(2*time.Minute, a)
		}
		time.Sleep(time.Minute)
		if after := runtime.NumGoroutine(); after > before {
			buf := make([]byte, 1<<16)
			t.Errorf("%d goroutines after 100 drops, %d before:\n%s", after, before, buf[:runtime.Stack(buf, true)])
		}
		a.stop()
		w.stopHub()
	})
}

func TestLink_AnAlarmWhenConnectionsDoNotLast(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		for i := 0; a.link.Status().Alarm == ""; i++ {
			if i > 300 {
				t.Fatalf("no alarm: %+v", a.link.Status())
			}
			time.Sleep(time.Second)
			w.net.cut()
			w.net.mend()
		}
		a.journal.receive(t, 1)
		w.settled(2*time.Minute, a)
		time.Sleep(time.Minute)
		if s := a.link.Status(); s.Alarm != "" {
			t.Errorf("alarm %q on a connection that lasts", s.Alarm)
		}
		a.stop()
		w.stopHub()
	})
}

// The broker is there, the hub is not: after a minute the next address gets its
// chance, and the operator a hint.
func TestLink_TriesTheNextBrokerWhenTheHubIsNotHeard(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.trouble(func(m *mess) { m.toHub = func([]byte) bool { return false } })
		w.startHub()
		a := w.newAgent("sh-1")
		link, err := uplink.New(uplink.Config{Warehouse: a.id, Brokers: []string{"tcp://first:1883", "tcp://second:1883"}, Dial: w.net.dial}, a.journal, nil, w.log)
		if err != nil {
			t.Fatal(err)
		}
		a.link = link
		a.process = run(t, link.Run)
		time.Sleep(50 * time.Second)
		if s := link.Status(); s.State != uplink.Hello || s.Broker != "tcp://first:1883" || !strings.Contains(s.Hint, "access rules") {
			t.Errorf("status %+v, want a hello without an answer, and a hint", s)
		}
		time.Sleep(25 * time.Second)
		if s := link.Status(); s.Broker != "tcp://second:1883" {
			t.Errorf("status %+v, want the second broker", s)
		}
		w.trouble(func(m *mess) { m.toHub = nil })
		a.journal.receive(t, 5)
		w.settled(2*time.Minute, a)
		a.stop()
		w.stopHub()
	})
}

func TestLink_ADeadBrokerIsLeftForTheNext(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.net.blocked["first:1883"] = true
		w.startHub()
		a := w.newAgent("sh-1")
		a.journal.receive(t, 5)
		link, err := uplink.New(uplink.Config{Warehouse: a.id, Brokers: []string{"tcp://first:1883", "tcp://second:1883"}, Dial: w.net.dial}, a.journal, nil, w.log)
		if err != nil {
			t.Fatal(err)
		}
		a.link = link
		a.process = run(t, link.Run)
		w.settled(time.Minute, a)
		a.stop()
		w.stopHub()
	})
}

// While agent and hub talk, the hub always knows within its 15 seconds of
// "live", also when nothing happens in the warehouse.
func TestLink_AnIdleAgentIsHeard(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		a.journal.receive(t, 1)
		w.settled(30*time.Second, a)
		for range 300 {
			time.Sleep(time.Second)
			c := w.desk.Contact(a.id)
			if age := time.Since(c.Heard); age > 10*time.Second || !c.Online || c.Last != 1 {
				t.Fatalf("heard %s ago: %+v", age, c)
			}
			if age := time.Since(c.Complete); age > 10*time.Second {
				t.Fatalf("complete %s ago", age)
			}
		}
		a.stop()
		time.Sleep(time.Second)
		if c := w.desk.Contact(a.id); c.Online {
			t.Error("the agent said good-bye and still counts as online")
		}
		w.stopHub()
	})
}
