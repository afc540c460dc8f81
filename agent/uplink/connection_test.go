package uplink_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

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
		a.startWith(uplink.Config{Brokers: []string{"tcp://first:1883", "tcp://second:1883"}}, nil)
		time.Sleep(50 * time.Second)
		if s := a.link.Status(); s.State != uplink.Hello || s.Broker != "tcp://first:1883" || !strings.Contains(s.Hint, "access rules") {
			t.Errorf("status %+v, want a hello without an answer, and a hint", s)
		}
		time.Sleep(25 * time.Second)
		if s := a.link.Status(); s.Broker != "tcp://second:1883" {
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
		a.startWith(uplink.Config{Brokers: []string{"tcp://first:1883", "tcp://second:1883"}}, nil)
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

// The connection stays open and swallows everything: the agent notices by
// itself, within its minute, and the hub never takes it for live.
func TestLink_LeavesABlackHole(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		a.journal.receive(t, 1)
		w.settled(30*time.Second, a)
		for range 5 {
			w.net.blacken()
			a.journal.receive(t, 3)
			time.Sleep(20 * time.Second)
			if s := a.link.Status(); s.State == uplink.Synced || s.Unsent != 3 {
				t.Errorf("after 20 s in the dark: %+v", s)
			}
			w.settled(2*time.Minute, a)
		}
		a.stop()
		w.stopHub()
	})
}

// At QoS 1 the broker confirms frames as well: nothing changes.
func TestLink_WorksAtQoS1(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.trouble(func(m *mess) { m.lose, m.repeat, m.delay = 0.1, 0.1, 0.1 })
		w.startHub()
		a := w.newAgent("sh-1")
		a.startWith(uplink.Config{Brokers: []string{"tcp://hub:1883"}, QoS: 1}, nil)
		for range 50 {
			a.journal.receive(t, 40)
			time.Sleep(5 * time.Second)
			w.net.cut()
			w.net.mend()
		}
		w.settled(5*time.Minute, a)
		a.stop()
		w.stopHub()
	})
}

func TestLink_MetricsTellWhatHappens(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		r := prometheus.NewRegistry()
		a.journal.receive(t, 1000)
		a.startWith(uplink.Config{Brokers: []string{"tcp://hub:1883"}}, r)
		w.settled(30*time.Second, a)
		w.net.cut()
		time.Sleep(time.Second) // until the agent has noticed
		a.journal.receive(t, 7)
		time.Sleep(10 * time.Second)
		families, err := r.Gather()
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[string]float64)
		for _, f := range families {
			for _, m := range f.GetMetric() {
				name := f.GetName()
				if l := m.GetLabel(); len(l) > 0 {
					name += " " + l[0].GetValue()
				}
				got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
		for name, want := range map[string]float64{
			"forestock_uplink_unsent_entries": 7, "forestock_uplink_frames_sent_total hello": 1, "forestock_uplink_frames_sent_total batch": 2,
			"forestock_uplink_frames_received_total ack": 2, "forestock_uplink_connections_total opened": 1,
			"forestock_uplink_state synced": 0, "forestock_uplink_resends_total": 0,
		} {
			if v, ok := got[name]; !ok || v != want {
				t.Errorf("%s is %v, want %v", name, v, want)
			}
		}
		a.stop()
		w.stopHub()
	})
}

// An agent that starts while the hub is away knows what is unsent.
func TestLink_KnowsWhatIsUnsentBeforeItHearsTheHub(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		a.journal.receive(t, 10)
		w.settled(30*time.Second, a)
		a.stop()
		w.stopHub()
		a.journal.receive(t, 3)
		a.start()
		time.Sleep(time.Minute)
		if s := a.link.Status(); s.Unsent != 3 || s.Error == "" || s.Hint == "" {
			t.Errorf("status %+v, want 3 unsent and the reason", s)
		}
		a.stop()
	})
}
