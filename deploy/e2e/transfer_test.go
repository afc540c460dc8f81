package e2e

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/deploy/fleet"
	"github.com/forestock/forestock/hub/hubd"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// house is what the hub shows of a warehouse's history.
type house struct {
	AppliedSeq  string `json:"applied_seq"`
	LastSeq     string `json:"last_seq"`
	ReportedSeq string `json:"reported_seq"`
	AdoptedSeq  string `json:"adopted_seq"`
	Diverged    bool   `json:"diverged"`
}

func (w *world) house(site *fleet.Site) (h house, err error) {
	return h, w.get("http://"+w.HTTP+"/v1/warehouses/"+site.Warehouse, &h)
}

// visit opens the ledger of a warehouse while its agent is down.
func (w *world) visit(site *fleet.Site, o ledger.Options, do func(ctx context.Context, l *ledger.Ledger) error) {
	w.t.Helper()
	err := site.Agent.Down(func() error {
		o.MaxSize = 64 << 20
		l, err := ledger.Open(agentd.LedgerPath(filepath.Join(w.dir, site.Warehouse)), o)
		if err != nil {
			return err
		}
		ctx, stop := context.WithCancel(w.ctx)
		ran := make(chan error, 1)
		go func() { ran <- l.Run(ctx) }()
		err = do(ctx, l)
		stop()
		return errors.Join(err, <-ran, l.Close())
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// fill books n receipts of rice.
func fill(ctx context.Context, l *ledger.Ledger, n int) error {
	last := int(l.Position().Last)
	for from := 0; from < n; from += 500 {
		c := stock.Command{ID: fmt.Sprintf("fill-%d", last+from)}
		for range min(500, n-from) {
			c.Movements = append(c.Movements, stock.Movement{Kind: stock.Receive, SKU: "rice", Bin: "G-01-01", Delta: 1, Time: time.Now()})
		}
		if _, err := l.Append(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// reconnect lets a warehouse come back with n unsent entries, and gives how the
// hub stood when it first knew the right level.
func (w *world) reconnect(site *fleet.Site, n int64) house {
	w.t.Helper()
	w.visit(site, ledger.Options{}, func(ctx context.Context, l *ledger.Ledger) error { return fill(ctx, l, int(n)) })
	began := time.Now()
	for deadline := began.Add(patience); time.Now().Before(deadline); {
		// The warehouse is asked first: it may know more by the time of the number.
		h, err := w.house(site)
		if err != nil {
			continue
		}
		if h.LastSeq == "0" || h.LastSeq == "" {
			began = time.Now()
		}
		if a, err := w.ask(site, "rice"); err == nil && a.OnHand == n {
			w.t.Logf("the hub knew the level %s after the agent was started, at entry %s of %s, reported %q", time.Since(began).Round(time.Millisecond), h.AppliedSeq, h.LastSeq, h.ReportedSeq)
			return h
		}
	}
	w.t.Fatalf("the hub never had %d of rice", n)
	return house{}
}

// A warehouse that comes back with 50,000 unsent entries is served at once with
// its present levels; the history follows, and explains exactly these levels.
func TestStateFirst_AnOutageIsOverBeforeItsHistoryHasCome(t *testing.T) {
	const n = 50_000
	w := newWorld(t, 1, false)
	site := w.Sites[0]
	h := w.reconnect(site, n)
	if applied, _ := strconv.Atoi(h.AppliedSeq); applied >= n {
		t.Errorf("the level was known only once entry %d was there", applied)
	}
	w.equal(site)
	w.eventually("the history", func() error {
		h, err := w.house(site)
		if err == nil && (h.ReportedSeq != "" || h.AppliedSeq != strconv.Itoa(n)) {
			err = fmt.Errorf("the hub stands at %+v", h)
		}
		return err
	})
	w.want(site, "rice", n)
}

// The control: a hub that does not ask for levels knows them only with the last
// entry.
func TestStateFirst_ControlWithoutItWaitsForTheLastEntry(t *testing.T) {
	const n = 20_000
	w := newWorldWith(t, fleet.Options{Warehouses: 1, Hub: func(c *hubd.Config) { c.Link.StateFirst = 1 << 40 }})
	w.reconnect(w.Sites[0], n)
	if h, err := w.house(w.Sites[0]); err != nil || h.AppliedSeq != strconv.Itoa(n) {
		t.Errorf("the level is right and the hub stands at %+v, %v", h, err)
	}
}

// A hub without store and backup is filled by its agents: from the first entry
// on where they keep it, and with the levels before that where they do not.
func TestRebuild_TheAgentsFillTheHubAgain(t *testing.T) {
	w := newWorld(t, 2, false)
	whole, trimmed := w.Sites[0], w.Sites[1]
	w.mode(whole, floor.GoReceive)
	w.scan(whole, milkL1, floor.SoundSaved)
	small := ledger.Options{CommandWindow: 100, CheckpointEvery: 50}
	w.visit(trimmed, small, func(ctx context.Context, l *ledger.Ledger) error { return fill(ctx, l, 600) })
	w.want(trimmed, "rice", 600)
	w.settled(trimmed)
	rice := int64(600)
	w.visit(trimmed, small, func(ctx context.Context, l *ledger.Ledger) error {
		// What a checkpoint has not written down yet is not trimmed.
		for base := stock.Seq(0); base < 100; rice += 50 {
			if err := fill(ctx, l, 50); err != nil {
				return err
			}
			var err error
			if base, err = l.Trim(ctx, 500); err != nil || rice > 20_000 {
				return errors.Join(err, fmt.Errorf("trimmed up to entry %d only", base))
			}
		}
		return nil
	})
	w.want(trimmed, "rice", rice)
	w.settled(trimmed)

	data := filepath.Join(w.dir, "hub")
	err := w.Hub.Down(func() error {
		r, err := hubd.Rebuild(data, time.Now())
		if err == nil && (r.Lost != nil || len(r.Warehouses) != 2 || r.Items != 3) {
			err = fmt.Errorf("kept %+v", r)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.want(whole, "milk", 1)
	w.want(trimmed, "rice", rice)
	for _, s := range w.Sites {
		w.equal(s)
	}
	if h, err := w.house(trimmed); err != nil || h.AdoptedSeq == "" {
		t.Errorf("the trimmed warehouse: %+v, %v", h, err)
	}
	if h, err := w.house(whole); err != nil || h.AdoptedSeq != "" {
		t.Errorf("the whole warehouse: %+v, %v", h, err)
	}
	w.scan(whole, milkL1, floor.SoundSaved)
	w.want(whole, "milk", 2)
	w.equal(whole)
}

// spoil makes the hub's levels of a warehouse wrong, as a defect of the hub would.
func (w *world) spoil(site *fleet.Site) {
	w.t.Helper()
	err := w.Hub.Down(func() error {
		s, err := store.Open(filepath.Join(w.dir, "hub"), store.Options{})
		if err != nil {
			return err
		}
		ctx, stop := context.WithCancel(w.ctx)
		ran := make(chan error, 1)
		go func() { ran <- s.Run(ctx) }()
		err = miscount(ctx, s, stock.Warehouse(site.Warehouse))
		stop()
		return errors.Join(err, <-ran, s.Close())
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// miscount puts levels that nobody has in the place of the hub's.
func miscount(ctx context.Context, s *store.Pebble, w stock.Warehouse) error {
	st, ok := s.Warehouse(w)
	if !ok {
		return fmt.Errorf("the hub does not know %s", w)
	}
	var sheet stock.Sheet
	sheet.Apply(&stock.Movement{Kind: stock.Receive, SKU: "milk", Bin: "nowhere", Delta: 17})
	levels, digest := sheet.State()
	wrong := stock.Statement{Epoch: st.Box.Epoch, Seq: st.Applied, Head: st.Head, Levels: levels, Digest: digest}
	r, refusal, err := s.Repair(ctx, inventory.Repair{Warehouse: w, Session: st.Box.Session, Statement: wrong, By: "nobody", Why: "a defect"})
	if err == nil && (refusal != nil || r.Done == nil) {
		err = fmt.Errorf("the levels cannot be spoiled: %v", refusal)
	}
	return err
}

// A difference between hub and warehouse is noticed with the next scan, and an
// operator's word makes the warehouse's levels the hub's.
func TestDivergence_IsNoticedAndRepaired(t *testing.T) {
	w := newWorld(t, 1, false)
	site := w.Sites[0]
	w.mode(site, floor.GoReceive)
	w.scan(site, milkL1, floor.SoundSaved)
	w.scan(site, "]E06901230001345", floor.SoundSaved)
	w.equal(site)
	w.spoil(site)
	w.want(site, "milk", 17)
	w.scan(site, milkL1, floor.SoundSaved)
	w.eventually("the difference to be noticed", func() error {
		h, err := w.house(site)
		if err == nil && !h.Diverged {
			err = errors.New("the hub believes that all is well")
		}
		return err
	})
	w.want(site, "milk", 18) // wrong, and it stays so until somebody decides

	conn, err := grpc.NewClient(w.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r, err := forestockv1.NewAdminServiceClient(conn).RepairDivergence(w.ctx, &forestockv1.RepairDivergenceRequest{
		Name: "warehouses/" + site.Warehouse, By: "Li", Reason: "counted the shelf",
	})
	if err != nil || r.GetPending() || r.GetCellsChanged() == 0 || r.GetBy() != "Li" {
		t.Fatalf("repair: %v, %v", r, err)
	}
	w.want(site, "milk", 2)
	w.want(site, "rice", 1)
	w.equal(site)
}
