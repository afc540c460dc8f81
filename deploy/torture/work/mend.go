package work

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/hub/ingest"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/proto/stock"
)

// Mended is how an agent came back from what a disk had left of its ledger.
type Mended struct {
	Working  time.Duration // until its stations could work again
	Agreed   time.Duration // until hub and agent had everything, and the same
	Restored bool          // the file was damaged, and was made whole again
	Snapshot bool          // with a snapshot
	Reborn   bool          // it is a new ledger, which took over the hub's levels
}

const (
	// promised is within how long stations can work again, whatever is left.
	promised = time.Minute
	// mendingTime is how long hub and agent may take to agree.
	mendingTime = 3 * time.Minute
	// settled is for how long they have to agree about something wrong until
	// it is taken for their last word.
	settled = 3 * time.Second
)

// errWrong is returned where hub and agent agree about something that never was.
var errWrong = errors.New("hub and agent agree about something that was never acknowledged")

// EpochOf reads the epoch of the ledger from what a program printed.
func EpochOf(stdout string) (e stock.Epoch, err error) {
	_, after, ok := strings.Cut(stdout, "open ")
	if !ok || len(after) < hex.EncodedLen(len(e)) {
		return e, errors.New("the program did not say its epoch")
	}
	_, err = hex.Decode(e[:], []byte(after[:hex.EncodedLen(len(e))]))
	return e, err
}

// Mend starts a whole agent on a file that a lying disk has left, which may be
// missing, beside a hub that has stored all that was acknowledged. It gives an
// error unless both come to have exactly that, and perhaps the command that was
// in flight.
func (w Ledger) Mend(ctx context.Context, dir, path string, epoch stock.Epoch, saved []Saved) (m Mended, err error) {
	data := filepath.Join(dir, "agent")
	if err := copyInto(data, path); err != nil {
		return m, err
	}
	h, err := openKnowing(ctx, filepath.Join(dir, "hub"), epoch, next(saved)-w.HubLacks)
	if err != nil {
		return m, err
	}
	ctx, cancel := context.WithTimeout(ctx, mendingTime)
	g, running := errgroup.WithContext(ctx)
	defer func() {
		cancel()
		err = errors.Join(err, g.Wait(), h.store.Close())
	}()
	h.run(running, g)
	began := time.Now()
	agent, err := agentd.New(w.agent(data, h.address), "torture", slog.New(slog.DiscardHandler))
	if err != nil {
		return m, fmt.Errorf("start an agent on what is left: %w", err)
	}
	if m.Working = time.Since(began); m.Working > promised {
		return m, fmt.Errorf("stations had to wait %v", m.Working)
	}
	if r := agent.Status().Ledger.Restored; r != nil {
		m.Restored, m.Snapshot = true, r.Snapshot != ""
	}
	g.Go(func() error { return agent.Run(running) })
	err = h.until(running, agent, next(saved))
	m.Agreed, m.Reborn = time.Since(began), agent.Status().Ledger.Epoch != epoch.String()
	return m, err
}

// until waits until hub and agent agree about so many commands.
func (h *knowing) until(ctx context.Context, agent *agentd.Agent, commands int) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var wrong time.Time // since when they agree about something wrong
	for {
		s := agent.Status()
		differs := h.agree(&s, commands)
		switch {
		case differs == nil:
			return nil
		case !errors.Is(differs, errWrong):
			wrong = time.Time{}
		case wrong.IsZero():
			wrong = time.Now()
		case time.Since(wrong) > settled:
			return differs
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w; the link is %+v", context.Cause(ctx), differs, s.Link)
		}
	}
}

func (w Ledger) agent(data, hub string) agentd.Config {
	cfg := agentd.DefaultConfig()
	cfg.Warehouse, cfg.Data = string(Warehouse), data
	cfg.Hub.Brokers = []string{"tcp://" + hub}
	cfg.Station.Listen = "127.0.0.1:0"
	cfg.Ledger.MaxSize = 16 << 20
	cfg.Backup.Dir = w.Snapshots
	return cfg
}

// copyInto makes an agent's folder with a copy of a ledger, if there is one.
func copyInto(data, path string) error {
	if err := errors.Join(os.RemoveAll(data), os.MkdirAll(data, 0o700)); err != nil {
		return err
	}
	from, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.Create(agentd.LedgerPath(data))
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// knowing is a hub that has stored everything that was acknowledged.
type knowing struct {
	store   *store.Pebble
	broker  *broker.Embedded
	desk    *ingest.Desk
	address string
}

func openKnowing(ctx context.Context, dir string, epoch stock.Epoch, commands int) (*knowing, error) {
	entries, err := history(commands)
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err != nil {
		return nil, err
	}
	err = withHub(ctx, dir, func(p *store.Pebble) error { return teach(ctx, p, epoch, entries) })
	if err != nil {
		return nil, err
	}
	h := new(knowing)
	if h.store, err = store.Open(dir, hubOptions()); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h.address = listener.Addr().String()
	log := slog.New(slog.DiscardHandler)
	if h.broker, err = broker.NewEmbedded(listener, broker.DefaultConfig(), nil, log); err != nil {
		return nil, err
	}
	if h.desk, err = ingest.New(ingest.DefaultConfig(), h.store, h.broker, nil, log); err != nil {
		return nil, err
	}
	// Without this word a new ledger waits a minute for the old box to be silent.
	h.desk.Replace(Warehouse, "torture", "its disk lied")
	return h, nil
}

// teach tells a store a ledger's history.
func teach(ctx context.Context, p *store.Pebble, epoch stock.Epoch, entries [][]byte) error {
	results, err := p.Apply(ctx, inventory.Hello{
		Warehouse: Warehouse, Boot: hubBoot, Nonce: 1, NewDownEpoch: stock.Epoch{0xD},
		Position: stock.Position{Epoch: epoch, First: 1, Head: stock.Genesis(epoch)},
	})
	if err != nil {
		return err
	}
	welcome, ok := results[0].(inventory.Welcome)
	if !ok {
		return fmt.Errorf("hello: %+v", results[0])
	}
	batch := stock.Batch{From: 1, Prev: stock.Genesis(epoch), Entries: entries}
	results, err = p.Apply(ctx, inventory.NewIngest(Warehouse, epoch, welcome.Session, batch, nil, batch.To()))
	if err != nil {
		return err
	}
	if in, ok := results[0].(inventory.Ingested); !ok || in.Applied != batch.To() {
		return fmt.Errorf("history: %+v", results[0])
	}
	return nil
}

func (h *knowing) run(ctx context.Context, g *errgroup.Group) {
	g.Go(func() error { return h.store.Run(ctx) })
	g.Go(func() error { return h.desk.Run(ctx) })
	g.Go(func() error { return h.broker.Run(ctx, h.desk) })
}

// agree says how hub, agent and what was acknowledged differ.
func (h *knowing) agree(s *agentd.Status, commands int) error {
	st, _ := h.store.Warehouse(Warehouse)
	digest := fmt.Sprintf("%016x", st.Digest)
	if s.Ledger.Unsent > 0 || s.Link.State != "synced" || s.Ledger.Epoch != st.Box.Epoch.String() || s.Ledger.Last != uint64(st.Applied) || s.Ledger.Digest != digest {
		return fmt.Errorf("the agent is at entry %d of %s with digest %s, the hub at %d of %s with %s", s.Ledger.Last, s.Ledger.Epoch, s.Ledger.Digest, st.Applied, st.Box.Epoch, digest)
	}
	var sheet stock.Sheet
	for n := range commands + meanwhile {
		if d := sheet.Digest(); n >= commands && d.Root() == st.Digest {
			return nil
		}
		for _, m := range Command(n).Movements {
			sheet.Apply(&m)
		}
	}
	return fmt.Errorf("%w: entry %d, took over %+v, after %d commands", errWrong, st.Applied, s.Ledger.TookOver, commands)
}
