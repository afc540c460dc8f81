package uplink_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// What holds in every scenario below, and is checked by settled at its end:
// every entry of the ledger is stored by the hub, in order and once (equal
// chain hashes), both sides have the same levels (equal digests), nothing was
// set aside, and the agent believes nothing stored that the hub has not.

func TestLink_ABacklogDrainsWithoutANewEntry(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		a := w.newAgent("sh-1")
		a.journal.receive(t, 3000)
		w.startHub()
		a.start()
		w.settled(10*time.Second, a)
		a.stop()
		w.stopHub()
	})
}

func TestLink_SurvivesAnOutageOfHours(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		var agents []*agent
		for i := range 3 {
			a := w.newAgent(stock.Warehouse(fmt.Sprintf("sh-%d", i)))
			a.start()
			a.journal.receive(t, 10)
			agents = append(agents, a)
		}
		w.settled(30*time.Second, agents...)
		w.net.cut()
		for range 6 * 60 {
			for _, a := range agents {
				a.journal.receive(t, 2)
			}
			time.Sleep(time.Minute)
		}
		for _, a := range agents {
			if s := a.link.Status(); s.Unsent != 720 || s.State == uplink.Synced || s.Error == "" {
				t.Errorf("%s in the outage: %+v, want 720 unsent entries and an error", a.id, s)
			}
		}
		w.net.mend()
		w.settled(2*time.Minute, agents...) // a minute of jitter, and the backlog
		for _, a := range agents {
			a.stop()
		}
		w.stopHub()
	})
}

func TestLink_SurvivesAFlappingLine(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		for range 200 {
			a.journal.receive(t, 5)
			time.Sleep(time.Duration(w.random.IntN(20_000)) * time.Millisecond)
			w.net.cut()
			time.Sleep(time.Duration(w.random.IntN(5_000)) * time.Millisecond)
			w.net.mend()
		}
		w.settled(3*time.Minute, a)
		a.stop()
		w.stopHub()
	})
}

func TestLink_SurvivesLostRepeatedLateAndDamagedFrames(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.trouble(func(m *mess) { m.lose, m.repeat, m.delay, m.damage = 0.2, 0.2, 0.2, 0.1 })
		w.startHub()
		a, b := w.newAgent("sh-1"), w.newAgent("sh-2")
		a.start()
		b.start()
		for i := range 120 {
			a.journal.receive(t, 1+i%7)
			b.journal.receive(t, 1)
			w.update(t, item(fmt.Sprintf("sku-%d", i%40), fmt.Sprintf("name %d", i)))
			time.Sleep(time.Minute)
		}
		w.settled(10*time.Minute, a, b)
		w.trouble(func(m *mess) { m.lose, m.damage = 0, 0 })
		time.Sleep(5 * time.Minute)
		w.sameCatalogue(a)
		w.sameCatalogue(b)
		a.stop()
		b.stop()
		w.stopHub()
	})
}

func TestLink_AHubSetBackToAnOlderCopyGetsEverythingAgain(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		a.journal.receive(t, 100)
		w.settled(30*time.Second, a)
		old := w.store.backup()
		a.journal.receive(t, 1000)
		w.settled(30*time.Second, a)

		w.stopHub()
		w.store.reload(old)
		w.startHub()
		w.settled(2*time.Minute, a) // with no new entry
		a.stop()
		w.stopHub()
	})
}

func TestLink_AHubThatRestartsGoesOnWithTheSession(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		a.journal.receive(t, 10)
		w.settled(30*time.Second, a)
		before := a.link.Status().Session
		for range 5 {
			w.stopHub()
			a.journal.receive(t, 10)
			time.Sleep(10 * time.Second)
			w.store.reload(w.store.backup())
			w.startHub()
			w.settled(time.Minute, a)
		}
		if got := a.link.Status().Session; got != before {
			t.Errorf("session %d, was %d: the hub forgot it", got, before)
		}
		a.stop()
		w.stopHub()
	})
}

func TestLink_AnAgentThatRestartsGoesOn(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		w.store.slow(50 * time.Millisecond)
		a := w.newAgent("sh-1")
		a.journal.receive(t, 20_000)
		for range 10 {
			a.start()
			time.Sleep(time.Duration(w.random.IntN(3_000)) * time.Millisecond)
			a.stop()
		}
		a.start()
		w.settled(time.Minute, a)
		a.stop()
		w.stopHub()
	})
}

func TestLink_AFullHubSaysBusyAndLosesNothing(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		a.journal.receive(t, 10)
		w.settled(30*time.Second, a)
		w.store.slow(30 * time.Second)
		for range 60 {
			a.journal.receive(t, 100)
			time.Sleep(10 * time.Second)
		}
		w.store.slow(0)
		w.settled(3*time.Minute, a)
		a.stop()
		w.stopHub()
	})
}

func TestLink_TheCatalogueComesDown(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		time.Sleep(5 * time.Second)
		for i := range 1500 {
			w.update(t, item(fmt.Sprintf("sku-%d", i), "first"))
		}
		time.Sleep(10 * time.Second)
		w.sameCatalogue(a)

		w.net.cut()
		for i := range 300 {
			w.update(t, item(fmt.Sprintf("sku-%d", i), "second"))
		}
		time.Sleep(time.Hour)
		w.net.mend()
		time.Sleep(2 * time.Minute)
		w.sameCatalogue(a)

		// A restart of either end brings nothing twice.
		a.stop()
		applies := a.journal.applies
		w.stopHub()
		w.startHub()
		a.start()
		time.Sleep(time.Minute)
		a.stop()
		if a.journal.applies != applies {
			t.Errorf("%d down batches were stored again", a.journal.applies-applies)
		}
		w.stopHub()
	})
}

func item(sku, name string) stock.Item {
	return stock.Item{SKU: stock.SKU(sku), Name: name, Unit: stock.Piece, Pack: 1}
}

func (w *world) update(t *testing.T, items ...stock.Item) {
	t.Helper()
	results, err := w.store.Apply(t.Context(), inventory.UpdateItems{Items: items})
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := results[0].(*inventory.Refusal); ok {
		t.Fatal(r)
	}
}

func (w *world) sameCatalogue(a *agent) {
	w.t.Helper()
	w.store.mu.RLock()
	defer w.store.mu.RUnlock()
	a.journal.mu.Lock()
	defer a.journal.mu.Unlock()
	if len(a.journal.items) != len(w.store.items) {
		w.t.Errorf("%s has %d of %d items", a.id, len(a.journal.items), len(w.store.items))
	}
	for sku, want := range w.store.items {
		if got := a.journal.items[sku]; got.Name != want.Name {
			w.t.Errorf("%s has %s as %q, want %q", a.id, sku, got.Name, want.Name)
			return
		}
	}
}
