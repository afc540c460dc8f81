package flood

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Receiver is what the flood goes to: the hub, or something that must fail.
type Receiver interface {
	// Take gives the answer to a frame of a warehouse.
	Take(ctx context.Context, w stock.Warehouse, p Packet) (wire.Frame, error)
	// Compare says how the receiver differs from the model of a warehouse.
	Compare(w stock.Warehouse, p stock.Position, model *stock.Sheet) error
}

// Packet is a frame as it is sent.
type Packet struct {
	raw  []byte
	kind wire.Kind
	to   stock.Seq // newest entry in it
	life int       // session of the warehouse that it belongs to
}

// Flood is a campaign of repeated, overtaken and remembered frames.
type Flood struct {
	Frames     int // deliveries
	Warehouses int
	Seed       uint64
	Progress   func(done, all int)
}

// Tally is what a flood counted.
type Tally struct {
	Frames   atomic.Int64 // deliveries
	Distinct atomic.Int64 // different frames
	Late     atomic.Int64 // deliveries after a later frame's
	Replayed atomic.Int64 // deliveries of earlier sessions and earlier ledgers
	Entries  atomic.Int64 // that the warehouses wrote
	Gaps     atomic.Int64 // answers that asked for something else
	Fenced   atomic.Int64 // answers that refused an old frame
	Took     time.Duration
	Early    uint64 // bytes of memory in use after a tenth of the deliveries
	End      uint64 // and at the end
}

// String sums the flood up in one line.
func (t *Tally) String() string {
	return fmt.Sprintf("%d deliveries of %d frames with %d entries in %v (%.0f/s); %d overtaken, %d of earlier sessions and ledgers, %d gaps, %d fenced; memory %.1f MiB after a tenth, %.1f MiB at the end",
		t.Frames.Load(), t.Distinct.Load(), t.Entries.Load(), t.Took.Round(time.Millisecond), float64(t.Frames.Load())/t.Took.Seconds(),
		t.Late.Load(), t.Replayed.Load(), t.Gaps.Load(), t.Fenced.Load(), float64(t.Early)/(1<<20), float64(t.End)/(1<<20))
}

// ErrDiffers is wrapped when the receiver is not what the model is.
var ErrDiffers = errors.New("the receiver differs from the model")

// Run sends the flood.
func (f Flood) Run(ctx context.Context, to Receiver) (*Tally, error) {
	t := new(Tally)
	codec, err := wire.NewCodec()
	if err != nil {
		return t, err
	}
	began := time.Now()
	senders := make([]*sender, f.Warehouses)
	for i := range senders {
		senders[i] = newSender(i, f, to, t, codec)
	}
	err = f.each(ctx, senders, f.Frames/10)
	t.Early = inUse()
	if err == nil {
		err = f.each(ctx, senders, f.Frames)
	}
	t.Took, t.End = time.Since(began), inUse()
	if err != nil {
		return t, err
	}
	for _, s := range senders {
		if err := to.Compare(s.warehouse, s.ledger.position(), &s.ledger.sheet); err != nil {
			return t, fmt.Errorf("%w: %s: %w", ErrDiffers, s.warehouse, err)
		}
	}
	return t, nil
}

// each lets every sender go on until it has done its share of so many
// deliveries, and until the receiver has everything.
func (f Flood) each(ctx context.Context, senders []*sender, frames int) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, s := range senders {
		g.Go(func() error {
			if err := s.run(ctx, frames/f.Warehouses); err != nil {
				return fmt.Errorf("%s after %d deliveries: %w", s.warehouse, s.delivered, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// inUse gives the bytes of memory in use.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
