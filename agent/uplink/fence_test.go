package uplink_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/proto/wire"
)

// Two boxes with copies of one disk: both are told so, loudly, and nothing that
// either of them books is mixed with what the other books.
func TestLink_ACopiedDiskIsFenced(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		a.journal.receive(t, 10)
		w.settled(30*time.Second, a)

		b := &agent{w: w, id: a.id, journal: a.journal.copyOf()}
		b.journal.receive(t, 3)
		b.start()
		fenced := make(map[string]bool)
		for range 600 {
			for _, s := range []uplink.Status{a.link.Status(), b.link.Status()} {
				if s.State == uplink.Fenced {
					fenced[s.Fence] = true
					if s.Error == "" || s.Hint == "" {
						t.Fatalf("fenced without a word to the operator: %+v", s)
					}
				}
			}
			a.journal.receive(t, 1)
			time.Sleep(time.Second)
		}
		if !fenced["clone"] && !fenced["fork"] {
			t.Errorf("fences seen: %v, want a clone or a fork", fenced)
		}
		st, _ := w.store.Warehouse(a.id)
		if st.Quarantined != 0 || st.Divergence != nil {
			t.Errorf("the two histories were mixed: %+v", st)
		}
		for _, j := range []*memJournal{a.journal, b.journal} {
			if h, err := j.HashAt(st.Applied); err == nil && h == st.Head {
				a.stop()
				b.stop()
				w.stopHub()
				return
			}
		}
		t.Error("what the hub has stored is the history of neither box")
	})
}

func TestLink_ALedgerSetBackSendsNothingAndIsAskedForANewOne(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		a.journal.receive(t, 10)
		w.settled(30*time.Second, a)
		old := a.journal.copyOf()
		a.journal.receive(t, 10)
		w.settled(30*time.Second, a)
		a.stop()

		a.journal = old
		a.journal.receiveOther(t, 20) // longer than what the hub has, and different
		var batches atomic.Int32
		w.trouble(func(m *mess) {
			m.toHub = func(raw []byte) bool {
				if kindOf(t, raw) == wire.KindBatch {
					batches.Add(1)
				}
				return true
			}
		})
		a.start()
		time.Sleep(time.Hour)
		if s := a.link.Status(); s.State != uplink.Fenced || s.Fence != "fork" || s.Hint == "" {
			t.Errorf("status %+v, want fenced for a fork", s)
		}
		if n := batches.Load(); n != 0 {
			t.Errorf("%d batches were sent of a forked ledger", n)
		}
		a.process.asked(t)
		w.stopHub()
	})
}

func TestLink_AHubWithAnotherPastAsksForANewLedger(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a, other := w.newAgent("sh-1"), w.newAgent("sh-1")
		other.journal.receiveOther(t, 10)
		other.start()
		w.settled(30*time.Second, other)
		other.stop()
		a.journal.receive(t, 20) // the same epoch, but not the same entries
		a.start()
		time.Sleep(time.Minute)
		if s := a.link.Status(); s.State != uplink.Fenced || s.Fence != "fork" {
			t.Errorf("status %+v, want fenced for a fork", s)
		}
		a.process.asked(t)
		w.stopHub()
	})
}

func kindOf(t *testing.T, raw []byte) wire.Kind {
	t.Helper()
	c, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.DecodeUp(raw)
	if err != nil {
		t.Fatal(err)
	}
	return f.Kind()
}
