package flood

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/hub/ingest"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Hub is the hub's real way in: the desk on a store on disk. The broker is left
// out: it is the network's part, and the flood plays that.
type Hub struct {
	store *store.Pebble
	desk  *ingest.Desk
	codec *wire.Codec

	mu      sync.Mutex
	answers map[stock.Warehouse]chan wire.Frame // guarded by mu
}

// OpenHub opens a hub on a folder.
func OpenHub(dir string) (*Hub, error) {
	s, err := store.Open(dir, store.Options{Book: inventory.Config{AutoEnrol: true}})
	if err != nil {
		return nil, err
	}
	h := &Hub{store: s, answers: make(map[stock.Warehouse]chan wire.Frame)}
	if h.codec, err = wire.NewCodec(); err != nil {
		return nil, err
	}
	h.desk, err = ingest.New(ingest.DefaultConfig(), s, h, nil, slog.New(slog.DiscardHandler))
	return h, err
}

// Run serves until ctx ends.
func (h *Hub) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.store.Run(ctx) })
	g.Go(func() error { return h.desk.Run(ctx) })
	return g.Wait()
}

// Close closes the store. Call it after Run.
func (h *Hub) Close() error { return h.store.Close() }

// Send takes what the desk says to a warehouse: the hub is the desk's broker.
func (h *Hub) Send(ctx context.Context, w stock.Warehouse, raw []byte) error {
	f, err := h.codec.DecodeDown(raw)
	if err != nil {
		return err
	}
	select {
	case h.of(w) <- f:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *Hub) of(w stock.Warehouse) chan wire.Frame {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.answers[w] == nil {
		h.answers[w] = make(chan wire.Frame, 4)
	}
	return h.answers[w]
}

// patience is how long an answer may take before the flood gives up. It is no
// promise of the hub's.
const patience = time.Minute

// Take is part of Receiver.
func (h *Hub) Take(ctx context.Context, w stock.Warehouse, p Packet) (wire.Frame, error) {
	h.desk.Frame(w, p.raw)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case f := <-h.of(w):
		return f, nil
	case <-timer.C:
		return wire.Frame{}, fmt.Errorf("a %s is not answered", p.kind)
	case <-ctx.Done():
		return wire.Frame{}, ctx.Err()
	}
}

// Compare is part of Receiver.
func (h *Hub) Compare(w stock.Warehouse, p stock.Position, model *stock.Sheet) error {
	st, _ := h.store.Warehouse(w)
	digest := model.Digest()
	switch {
	case st.Applied != p.Last || st.Head != p.Head || st.Box.Epoch != p.Epoch:
		return fmt.Errorf("it has entry %d of ledger %s, want entry %d of %s; heads equal: %t", st.Applied, st.Box.Epoch, p.Last, p.Epoch, st.Head == p.Head)
	case st.Digest != digest.Root() || st.Divergence != nil || st.Quarantined > 0:
		return fmt.Errorf("digest %x, want %x; divergence %+v, %d set aside", st.Digest, digest.Root(), st.Divergence, st.Quarantined)
	}
	got := make(map[stock.Cell]int64)
	for _, level := range h.store.Levels(w, "", 1<<20) {
		for _, lot := range level.Lots {
			for _, bin := range lot.Bins {
				got[stock.Cell{SKU: level.SKU, Lot: lot.Lot, Bin: bin.Bin}] = bin.OnHand
			}
		}
	}
	if want := cells(model); !maps.Equal(got, want) {
		return fmt.Errorf("cells %v, want %v", got, want)
	}
	return nil
}

// cells gives what a sheet has, cell by cell, but for what is zero.
func cells(sheet *stock.Sheet) map[stock.Cell]int64 {
	out := make(map[stock.Cell]int64)
	for sku := range sheet.SKUs() {
		for _, level := range sheet.Levels(sku) {
			if level.OnHand != 0 {
				out[level.Cell] = level.OnHand
			}
		}
	}
	return out
}
