package agentd

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"slices"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Journal is a ledger as the uplink wants it. What it finds damaged while it
// reads is told to whoever can have the ledger restored.
type Journal struct {
	*ledger.Ledger
	log     *slog.Logger
	damaged func(error)
}

// NewJournal lets the uplink read a ledger. The function is called, from any
// goroutine, with each error that says that the ledger is damaged.
func NewJournal(l *ledger.Ledger, log *slog.Logger, damaged func(error)) *Journal {
	return &Journal{Ledger: l, log: log, damaged: damaged}
}

func (j *Journal) tell(err error) {
	if errors.Is(err, ledger.ErrDamaged) {
		j.damaged(err)
	}
}

// Read gives the entries after one.
func (j *Journal) Read(ctx context.Context, after stock.Seq, maxEntries, maxBytes int) (stock.Batch, *uint64, error) {
	b, digest, err := j.Ledger.Read(ctx, after, maxEntries, maxBytes)
	j.tell(err)
	return b, digest, err
}

// HashAt gives the chain's hash after an entry.
func (j *Journal) HashAt(seq stock.Seq) (stock.Hash, error) {
	h, err := j.Ledger.HashAt(seq)
	j.tell(err)
	return h, err
}

// Base gives the levels before the oldest entry that is kept.
func (j *Journal) Base(ctx context.Context) (stock.Statement, error) {
	st, err := j.Ledger.Base(ctx)
	j.tell(err)
	return st, err
}

// Ancestors gives the ledgers that were set aside for this one.
func (j *Journal) Ancestors() []uplink.Ancestor {
	var out []uplink.Ancestor
	s := j.Status()
	for _, p := range s.Predecessors {
		if s.TookOver.IsZero() {
			out = append(out, uplink.Ancestor{Epoch: p.Position.Epoch, Stored: p.Stored, Last: p.Position.Last})
		}
	}
	return out
}

// TracePoints gives entries of a ledger that was set aside, evenly spread. Where
// none of those can be read, any that can is as good.
func (j *Journal) TracePoints(ctx context.Context, epoch stock.Epoch, after, before stock.Seq, n int) ([]wire.TracePoint, error) {
	p, ok := j.Predecessor(epoch)
	if !ok || before <= after+1 {
		return nil, nil
	}
	points, err := p.Sums(ctx, spread(after, before, n))
	for low := after; err == nil && len(points) == 0 && low < before-1; low += stock.Seq(stretch) {
		points, err = p.Sums(ctx, spread(low, min(before, low+stretch+1), stretch))
	}
	if errors.Is(err, fs.ErrNotExist) {
		j.log.WarnContext(ctx, "somebody removed a ledger that was set aside: what it had and the hub had not is lost", "path", p.Path)
		return nil, nil
	}
	return points[:min(n, len(points))], err
}

// stretch is how many entries in a row are tried when those that were tried
// first cannot be read.
const stretch = 10_000

// spread gives n entries between two others, evenly, the last one among them.
func spread(after, before stock.Seq, n int) []stock.Seq {
	among := before - after - 1
	count := min(stock.Seq(n), among)
	out := make([]stock.Seq, 0, count)
	for i := range count {
		out = append(out, after+(i+1)*among/count)
	}
	return out
}

// Inherit takes over what the newest ledger that was set aside can still tell
// for certain. Where none can, the ledger goes on with what it has.
func (j *Journal) Inherit(ctx context.Context) (stock.Takeover, error) {
	all := j.Status().Predecessors
	for i, info := range slices.Backward(all) {
		if i > 0 && info.Took.IsZero() {
			continue // it had no levels of its own: those were in the one before it
		}
		p, ok := j.Predecessor(info.Position.Epoch)
		if !ok {
			continue
		}
		st, err := p.Statement(ctx)
		if err != nil {
			j.log.ErrorContext(ctx, "the levels of a ledger that was set aside cannot be told for certain: count the stock", "path", info.Path, "err", err)
			continue
		}
		return j.TakeOver(ctx, st, st.Seq)
	}
	return stock.Takeover{}, nil
}
