package agentd

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/forestock/forestock/hub/hubd"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// patience is how long a test waits for something that must come.
const patience = 30 * time.Second

// hub is a whole hub on loopback.
type hub struct{ cfg hubd.Config }

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{hubd.DefaultConfig()}
	h.cfg.Data, h.cfg.BackupDir = filepath.Join(t.TempDir(), "hub"), t.TempDir()
	for _, address := range []*string{&h.cfg.HTTP, &h.cfg.GRPC, &h.cfg.MQTT.Listen} {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		*address = l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	d, err := hubd.New(h.cfg, "test", quiet())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("hub: %v", err)
		}
	})
	return h
}

// box is the configuration of an agent of this hub on a new disk.
func (h *hub) box(t *testing.T) Config {
	t.Helper()
	cfg := damageable(t)
	cfg.Hub.Brokers = []string{"tcp://" + h.cfg.MQTT.Listen}
	return cfg
}

// replace is an operator's word that another box may come.
func (h *hub) replace(t *testing.T) {
	t.Helper()
	conn, err := grpc.NewClient(h.cfg.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = forestockv1.NewAdminServiceClient(conn).ReplaceBox(t.Context(), &forestockv1.ReplaceBoxRequest{Name: "warehouses/dark-01", By: "li", Reason: "a test"})
	if err != nil {
		t.Fatal(err)
	}
}

// agrees waits until the hub has stored every entry of the agent and has the
// same levels.
func (h *hub) agrees(t *testing.T, a *Agent) {
	t.Helper()
	var err error
	t.Cleanup(func() {
		if err != nil {
			t.Logf("%v; %+v", err, a.Status().Link)
		}
	})
	until(t, "hub and agent to agree", func() bool {
		err = h.differs(t, a.Status().Ledger)
		return err == nil
	})
}

func (h *hub) differs(t *testing.T, l LedgerStatus) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+h.cfg.HTTP+"/v1/warehouses/dark-01", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var w struct {
		Seq    string `json:"applied_seq"`
		Digest string `json:"digest"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&w); err != nil {
		return err
	}
	if w.Seq != strconv.FormatUint(l.Last, 10) || w.Digest != l.Digest || l.Unsent != 0 {
		return fmt.Errorf("the hub is at entry %s with digest %s, the agent at %d with %s and %d unsent", w.Seq, w.Digest, l.Last, l.Digest, l.Unsent)
	}
	return nil
}

// onHand adds up all levels of an agent.
func onHand(a *Agent) (sum int64) {
	for _, l := range a.present().ledger.Newest().Levels {
		sum += l.OnHand
	}
	return sum
}

// takenOver waits until an agent has the levels of the ledger before it, and
// has brought along what the hub never got of that.
func takenOver(t *testing.T, a *Agent) {
	t.Helper()
	until(t, "the take-over", func() bool {
		l := a.Status().Ledger
		return l.TookOver != nil && (l.Predecessor == nil || !l.Predecessor.Waiting)
	})
}

// wantTaken checks that a ledger took the levels of an earlier one over.
func wantTaken(t *testing.T, a *Agent, from string, seq uint64) {
	t.Helper()
	l := a.Status().Ledger
	if l.TookOver == nil || l.TookOver.Epoch != from || l.TookOver.Seq != seq || l.Epoch == from {
		t.Errorf("ledger %s took over %+v, want ledger %s as of entry %d", l.Epoch, l.TookOver, from, seq)
	}
}

// A box whose disk is an older copy goes on by itself: what the hub has and the
// disk has lost comes from the hub, what was scanned since and the hub never got
// is carried over, and nothing counts twice.
func TestAgent_GoesOnAfterItsDiskWasSetBack(t *testing.T) {
	h := newHub(t)
	cfg := h.box(t)
	a, stop := running(t, cfg)
	fill(t, a.present().ledger, 100, today)
	h.agrees(t, a)
	stop()
	old, err := os.ReadFile(LedgerPath(cfg.Data))
	if err != nil {
		t.Fatal(err)
	}
	a, stop = running(t, cfg)
	fill(t, a.present().ledger, 50, today)
	h.agrees(t, a)
	each, epoch := onHand(a)/150, a.Status().Ledger.Epoch
	stop()
	if err := os.WriteFile(LedgerPath(cfg.Data), old, 0o600); err != nil {
		t.Fatal(err)
	}
	alone := cfg
	alone.Hub.Brokers = []string{"tcp://127.0.0.1:1"}
	a, stop = running(t, alone)
	fill(t, a.present().ledger, 20, today.Add(time.Hour))
	stop()
	h.replace(t)
	a, _ = running(t, cfg)
	takenOver(t, a)
	wantTaken(t, a, epoch, 150)
	h.agrees(t, a)
	if got, want := onHand(a), 170*each; got != want {
		t.Errorf("%d on hand, want %d: 150 entries of the hub and 20 that it never got", got, want)
	}
	if p := a.Status().Ledger.Predecessor; p == nil || p.Epoch != epoch || p.Waiting {
		t.Errorf("predecessor %+v", p)
	}
}

// A box in the place of a broken one has the warehouse's stock at once, and what
// was scanned before it could reach the hub counts too.
func TestAgent_ANewBoxTakesTheStockOver(t *testing.T) {
	h := newHub(t)
	a, stop := running(t, h.box(t))
	fill(t, a.present().ledger, 100, today)
	h.agrees(t, a)
	each, epoch := onHand(a)/100, a.Status().Ledger.Epoch
	stop()
	h.replace(t)
	fresh := h.box(t)
	alone := fresh
	alone.Hub.Brokers = []string{"tcp://127.0.0.1:1"}
	a, stop = running(t, alone)
	fill(t, a.present().ledger, 10, today)
	stop()
	a, _ = running(t, fresh)
	takenOver(t, a)
	wantTaken(t, a, epoch, 100)
	h.agrees(t, a)
	if got, want := onHand(a), 110*each; got != want {
		t.Errorf("%d on hand, want %d", got, want)
	}
}

// A ledger that rots in entries that no snapshot has yet is restored as far as it
// goes; the hub has the rest, and gives it back without anybody's help, in the
// same process.
func TestAgent_WhatRottedAfterTheSnapshotComesBackFromTheHub(t *testing.T) {
	h := newHub(t)
	cfg := h.box(t)
	a, _ := running(t, cfg)
	first := a.present()
	fill(t, first.ledger, 100, today)
	snapshot(t, a)
	fill(t, first.ledger, 50, today)
	h.agrees(t, a)
	before := a.Status().Ledger
	sum := onHand(a)
	batch, _, err := first.ledger.Read(t.Context(), 119, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	rot(t, cfg, batch.Entries[0])
	if _, err := first.upkeep.scrub.step(t.Context(), 0, today); err != nil {
		t.Fatal(err)
	}
	takenOver(t, a)
	wantTaken(t, a, before.Epoch, 150)
	h.agrees(t, a)
	if got := onHand(a); got != sum {
		t.Errorf("%d on hand, want %d", got, sum)
	}
}
