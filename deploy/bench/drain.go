package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/proto/stock"
)

// agentSKUs is how large the catalogue and the range of an agent are.
const agentSKUs = 10_000

// benchDrain lets agents send what they could not send for long.
func benchDrain(ctx context.Context, b *bench) error {
	b.title(`Backlog: %d entries that the hub does not have, one movement a command, %d SKUs. Whole agents, in one process,
send it to a hub in another, over loopback; an entry counts once the hub has stored it.`, b.backlog, agentSKUs)
	for _, agents := range []int{1, 50} {
		if err := b.drain(ctx, agents, b.backlog/agents); err != nil {
			return fmt.Errorf("%d agents: %w", agents, err)
		}
	}
	return nil
}

func (b *bench) drain(ctx context.Context, agents, entries int) (err error) {
	dir, remove, err := b.temp("drain")
	if err != nil {
		return err
	}
	defer remove()
	for i := range agents {
		if err := backlog(ctx, dir, i, agents, entries); err != nil {
			return err
		}
	}
	if agents == 1 {
		if err := b.idle(ctx, dir, entries); err != nil {
			return err
		}
	}
	hub, err := spawn(ctx, task{Name: "hub", Dir: filepath.Join(dir, "hub")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hub.Close()) }()
	p, err := spawn(ctx, task{Name: "agent", Dir: dir, Count: agents, Brokers: []string{hub.MQTT}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.listen(); err != nil {
		return err
	}
	fmt.Fprintf(b, "%2d agent(s) draining: %.0f entries/s (goal: %s); at most resident: agents %.0f MB, hub %.0f MB\n", agents, p.Figures["per second"],
		map[bool]string{true: "50,000", false: "100,000"}[agents == 1], memory(p.cmd.Process.Pid, "VmHWM")/1e6, memory(hub.cmd.Process.Pid, "VmHWM")/1e6)
	return nil
}

// idle measures an agent that cannot reach its hub.
func (b *bench) idle(ctx context.Context, dir string, entries int) error {
	nobody, err := freePort(ctx)
	if err != nil {
		return err
	}
	p, err := spawn(ctx, task{Name: "agent", Dir: dir, Count: 1, Brokers: []string{"tcp://127.0.0.1:" + nobody}})
	if err != nil {
		return err
	}
	settled := time.NewTimer(3 * time.Second) // what opening has left behind is collected
	select {
	case <-settled.C:
	case <-ctx.Done():
	}
	pid := p.cmd.Process.Pid
	fmt.Fprintf(b, " 1 agent off line with %d unsent entries: opened in %v, resident %.0f MB (goal: below 100), of it %.0f MB its own and the rest pages of the ledger's file\n",
		entries, time.Duration(p.Figures["opening"]).Round(time.Millisecond), memory(pid, "VmRSS")/1e6, memory(pid, "RssAnon")/1e6)
	return p.Close()
}

// agentConfig is that of the nth of so many agents.
func agentConfig(dir string, n, agents int, brokers []string) agentd.Config {
	c := agentd.DefaultConfig()
	c.Warehouse, c.Station.Listen, c.Hub.Brokers = string(warehouseName(n)), "127.0.0.1:0", brokers
	c.Data = filepath.Join(dir, c.Warehouse)
	if agents > 1 {
		c.Ledger.MaxSize = 64 << 20 // each has a part of the backlog
	}
	return c
}

// agentTask runs agents, tells when they are open, and tells again when their
// hub has everything.
func agentTask(ctx context.Context, t task, tell func(told) error) error {
	began := time.Now()
	agents := make([]*agentd.Agent, t.Count)
	g, ctx := errgroup.WithContext(ctx)
	for i := range agents {
		a, err := agentd.New(agentConfig(t.Dir, i, t.Count, t.Brokers), "bench", quiet())
		if err != nil {
			return err
		}
		agents[i] = a
	}
	opening := time.Since(began)
	for _, a := range agents {
		g.Go(func() error { return a.Run(ctx) })
	}
	if err := tell(told{Figures: map[string]float64{"opening": float64(opening)}}); err != nil {
		return err
	}
	g.Go(func() error {
		rate, err := drained(ctx, agents)
		if err != nil {
			return nil // nobody waits for the rest
		}
		return tell(told{Figures: map[string]float64{"per second": rate}})
	})
	return g.Wait()
}

// drained waits until the hub has everything, and gives the entries/s from when
// every agent had a session: they come at random within seconds, so that a hub
// that starts again is not met by all at once.
func drained(ctx context.Context, agents []*agentd.Agent) (float64, error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var all uint64
	var began time.Time
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		left, met := uint64(0), 0
		for _, a := range agents {
			s := a.Status()
			left += s.Ledger.Unsent
			if s.Link.State == string(uplink.Draining) || s.Link.State == string(uplink.Synced) {
				met++
			}
		}
		if began.IsZero() && met == len(agents) {
			began, all = time.Now(), left
		}
		if left == 0 && !began.IsZero() {
			return float64(all) / time.Since(began).Seconds(), nil
		}
	}
}

// backlog makes the ledger of an agent.
func backlog(ctx context.Context, dir string, n, agents, entries int) (err error) {
	c := agentConfig(dir, n, agents, nil)
	if err := os.MkdirAll(c.Data, 0o750); err != nil {
		return err
	}
	l, err := ledger.Open(agentd.LedgerPath(c.Data), ledger.Options{Warehouse: stock.Warehouse(c.Warehouse), MaxSize: int64(c.Ledger.MaxSize)})
	if err != nil {
		return err
	}
	run, stop := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- l.Run(run) }()
	defer func() {
		stop()
		err = errors.Join(err, <-ran, l.Close())
	}()
	if err := learn(ctx, l); err != nil {
		return err
	}
	var next atomic.Int64
	var g errgroup.Group
	for range inProcessCallers {
		g.Go(func() error {
			for i := next.Add(1); i <= int64(entries); i = next.Add(1) {
				m := movement(int(i))
				m.SKU = stock.SKU(skuName(int(i) % agentSKUs))
				if _, err := l.Append(ctx, stock.Command{ID: "bench-" + strconv.FormatInt(i, 10), Movements: []stock.Movement{m}}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// learn gives a ledger its catalogue, as a hub does.
func learn(ctx context.Context, l *ledger.Ledger) error {
	d := stock.DownBatch{From: 1}
	_, _ = rand.Read(d.Epoch[:]) // never fails
	for i := range agentSKUs {
		gtin := stock.GTIN(fmt.Sprintf("0690%09d", i))
		d.Entries = append(d.Entries, stock.Down{Item: &stock.Item{
			SKU: stock.SKU(skuName(i)), Name: "纯牛奶 250 毫升", NameEn: "Whole milk 250 ml", Unit: stock.Piece, Pack: 1,
			GTINs: []stock.GTIN{withCheckDigit(gtin)}, Bin: "A-01-01",
		}})
		if len(d.Entries) == 500 {
			if _, err := l.ApplyDown(ctx, d); err != nil {
				return err
			}
			d.From, d.Entries = d.To()+1, nil
		}
	}
	return nil
}

// withCheckDigit completes a trade item number of 13 digits.
func withCheckDigit(g stock.GTIN) stock.GTIN {
	for digit := byte('0'); digit <= '9'; digit++ {
		if whole := g + stock.GTIN(digit); whole.CheckDigit() {
			return whole
		}
	}
	return g
}
