package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/deploy/fleet"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

var rounds = flag.Int("rounds", 20, "kills of agents and hub; make torture asks for more")

// acknowledged is a scan that was answered "saved", and where.
type acknowledged struct {
	id   string
	from uint64
}

// porter scans the same goods in as fast as it is answered, through the
// station's API, and remembers what was acknowledged.
type porter struct {
	site *fleet.Site
	rest time.Duration // between two scans
	mu   sync.Mutex
	done []acknowledged // guarded by mu
}

type posted struct {
	Saved *struct {
		From     uint64 `json:"from"`
		Replayed bool   `json:"replayed"`
	} `json:"saved"`
	View struct {
		Mode string `json:"mode"`
	} `json:"view"`
}

func (p *porter) post(ctx context.Context, path, field, value, id string) (out posted, err error) {
	body, err := json.Marshal(map[string]string{field: value, "id": id})
	if err != nil {
		return out, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.site.Station+path, bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return out, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(text, &out)
}

// carry works until ctx ends. An error means that the agent is down; whether
// the scan was saved is then open.
func (p *porter) carry(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		id := fmt.Sprintf("%s-%d", p.site.Warehouse, n)
		out, err := p.post(ctx, "/api/scan", "code", "6901230001345", id)
		switch {
		case err != nil:
			wait(ctx, 10*time.Millisecond)
		case out.Saved != nil:
			p.mu.Lock()
			p.done = append(p.done, acknowledged{id, out.Saved.From})
			p.mu.Unlock()
			wait(ctx, p.rest)
		case out.View.Mode != "receive":
			_, _ = p.post(ctx, "/api/key", "key", "receive", id+"-mode") // the next round tries again
		}
	}
}

// saved gives how many scans were acknowledged.
func (p *porter) saved() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.done)
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// Whatever is killed and whenever, afterwards every acknowledged scan is in the
// agent's ledger exactly once, at the entry that was named, and the hub has
// added up exactly what is in the ledger.
func TestKill_NothingAcknowledgedIsLostOrCountedTwice(t *testing.T) {
	w := newWorld(t, 2, true)
	load, stop := context.WithCancel(w.ctx)
	var porters []*porter
	var working sync.WaitGroup
	for _, s := range w.Sites {
		p := &porter{site: s, rest: 2 * time.Millisecond}
		porters = append(porters, p)
		working.Go(func() { p.carry(load) })
	}
	began := time.Now()
	w.storm(load)
	took := time.Since(began)
	acknowledged, stored := 0, uint64(0)
	for _, p := range porters {
		acknowledged += p.saved()
		if s, err := w.status(p.site); err == nil {
			stored += s.Ledger.Last - s.Ledger.Unsent
		}
	}
	t.Logf("%d kills of agents and %d of the hub in %v, under %.0f acknowledged movements a second; the hub had stored %d of %d when the storm was over",
		w.agentKills(), w.Hub.Kills(), took.Round(time.Second), float64(acknowledged)/took.Seconds(), stored, acknowledged)
	stop()
	working.Wait()
	for _, p := range porters {
		if len(p.done) == 0 {
			t.Errorf("%s acknowledged nothing: the test showed nothing", p.site.Warehouse)
		}
		w.settled(p.site)
		entries := readLedger(t, w.copyLedger(p.site))
		if err := account(p.done, entries); err != nil {
			t.Errorf("%s: %v", p.site.Warehouse, err)
		}
		var onHand int64
		for i := range entries {
			onHand += entries[i].Delta
		}
		w.want(p.site, "rice", onHand)
	}
}

// storm kills running programs as often as asked: two agents for each hub.
func (w *world) storm(ctx context.Context) {
	w.t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	for hubs, agents := *rounds/3, *rounds-*rounds/3; ctx.Err() == nil; {
		wait(ctx, time.Duration(100+rng.IntN(400))*time.Millisecond)
		hub := rng.IntN(3) == 0
		switch {
		case w.Hub.Kills() >= hubs && w.agentKills() >= agents:
			wait(ctx, 300*time.Millisecond) // some more work
			return
		case w.agentKills() >= agents || (hub && w.Hub.Kills() < hubs):
			w.Hub.Kill()
		default:
			w.Sites[rng.IntN(len(w.Sites))].Agent.Kill()
		}
	}
}

// agentKills counts the kills that hit a running agent.
func (w *world) agentKills() (n int) {
	for _, s := range w.Sites {
		n += s.Agent.Kills()
	}
	return n
}

// comeback is how long an agent may take to try again after its connections
// were cut often, and then to send what waits.
const comeback = 2 * time.Minute

// settled waits until the hub has stored everything that the agent has.
func (w *world) settled(site *fleet.Site) {
	w.t.Helper()
	w.within(comeback, "the hub to have it all from "+site.Warehouse, func() error {
		s, err := w.status(site)
		if err == nil && s.Ledger.Unsent > 0 {
			err = fmt.Errorf("%d entries to go", s.Ledger.Unsent)
		}
		return err
	})
}

// copyLedger gives a copy of the file, which a running agent does not lend.
func (w *world) copyLedger(site *fleet.Site) string {
	w.t.Helper()
	// The agent is idle: the file does not change while it is copied.
	return copyFile(w.t, agentd.LedgerPath(filepath.Join(w.dir, site.Warehouse)))
}

func readLedger(t *testing.T, path string) []stock.Entry {
	t.Helper()
	l, err := ledger.Open(path, ledger.Options{MaxSize: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var out []stock.Entry
	for after := stock.Seq(0); ; {
		batch, _, err := l.Read(t.Context(), after, 1000, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if len(batch.Entries) == 0 {
			return out
		}
		for _, b := range batch.Entries {
			e, err := wire.DecodeEntry(b)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, e)
		}
		after = batch.To()
	}
}

// account holds what was acknowledged against what is in the ledger.
func account(done []acknowledged, entries []stock.Entry) error {
	times := make(map[string]int)
	at := make(map[string]uint64)
	for i := range entries {
		times[entries[i].Command]++
		at[entries[i].Command] = uint64(entries[i].Seq)
	}
	var all []error
	for _, a := range done {
		if times[a.id] != 1 || at[a.id] != a.from {
			all = append(all, fmt.Errorf("scan %s was acknowledged as entry %d; it is there %d times, last as entry %d", a.id, a.from, times[a.id], at[a.id]))
		}
	}
	for id, n := range times {
		if n > 1 {
			all = append(all, fmt.Errorf("scan %s counts %d times", id, n))
		}
	}
	return errors.Join(all...)
}

// TestKill_TheAccountantNoticesLossAndDoubles is the negative control.
func TestKill_TheAccountantNoticesLossAndDoubles(t *testing.T) {
	entry := func(seq stock.Seq, id string) stock.Entry { return stock.Entry{Seq: seq, Command: id} }
	done := []acknowledged{{"a", 1}, {"b", 2}}
	for _, tt := range []struct {
		name    string
		entries []stock.Entry
		right   bool
	}{
		{"right", []stock.Entry{entry(1, "a"), entry(2, "b"), entry(3, "in flight")}, true},
		{"lost", []stock.Entry{entry(1, "a")}, false},
		{"twice", []stock.Entry{entry(1, "a"), entry(2, "b"), entry(3, "a")}, false},
		{"moved", []stock.Entry{entry(1, "b"), entry(2, "a")}, false},
	} {
		if err := account(done, tt.entries); (err == nil) != tt.right {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
