package agentd

import (
	"context"
	"log/slog"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

const (
	sizeEvery = time.Minute // how often the file's size is looked at
	ageEvery  = 60          // of those looks also look at the age of entries
	// One look at the age forgets at most this share of what is kept, but at
	// least so many entries. With 30 days kept it is fifteen times what an hour
	// brings, and a clock that is years ahead costs a fiftieth an hour until
	// somebody sets it right.
	agedShare = 48
	agedLeast = 1000
)

// retention forgets entries that the hub has stored and that are old, or that
// make the file too large. What the hub has not stored stays, whatever its age
// or the file's size: the ledger refuses to trim it.
type retention struct {
	ledger   *ledger.Ledger
	keep     time.Duration // how long entries are kept
	keepSize int64         // bytes of the file in use above which younger ones go too
	log      *slog.Logger
}

// Run looks every minute until ctx ends.
func (r *retention) Run(ctx context.Context) error {
	for look := 0; ; look++ {
		first := r.ledger.Position().First
		err := r.bySize(ctx)
		if err == nil && look%ageEvery == 0 {
			err = r.byAge(ctx, time.Now())
		}
		switch now := r.ledger.Position().First; {
		case err != nil && ending(ctx, err):
			return nil
		case err != nil:
			r.log.WarnContext(ctx, "old entries are not forgotten", "err", err)
		case now > first:
			r.log.InfoContext(ctx, "forgot entries that the hub has stored", "from", first, "to", now-1)
		}
		if !pause(ctx, sizeEvery) {
			return nil
		}
	}
}

// bySize forgets as many entries as make up for what the file has too much, by
// the mean size of an entry.
func (r *retention) bySize(ctx context.Context) error {
	s := r.ledger.Status()
	kept := int64(s.Position.Last + 1 - s.Position.First)
	over := s.UsedBytes - r.keepSize
	if over <= 0 || kept == 0 {
		return nil
	}
	mean := max(s.UsedBytes/kept, 1)
	_, err := r.ledger.Trim(ctx, s.Position.First-1+stock.Seq(min(over/mean+1, kept)))
	return err
}

// byAge forgets entries from the oldest on, up to the first that is young.
func (r *retention) byAge(ctx context.Context, now time.Time) error {
	p := r.ledger.Position()
	at := p.First - 1
	cut, end := at, min(p.Last, at+max((p.Last-at)/agedShare, agedLeast))
	for young := false; at < end && !young; {
		batch, _, err := r.ledger.Read(ctx, at, int(min(end-at, agedLeast)), 1<<20)
		if err != nil {
			return err
		}
		var old stock.Seq
		if old, young, err = r.aged(batch, now); err != nil {
			return err
		}
		at, cut = batch.To(), max(cut, old)
	}
	if cut < p.First {
		return nil
	}
	_, err := r.ledger.Trim(ctx, cut)
	return err
}

// aged gives the newest entry of a batch that is old, and whether one is young.
// An entry from the future was made under a wrong clock, or this one is wrong:
// it is neither, and those after it decide.
func (r *retention) aged(batch stock.Batch, now time.Time) (old stock.Seq, young bool, err error) {
	for i, b := range batch.Entries {
		e, err := wire.DecodeEntry(b)
		if err != nil {
			return old, false, err
		}
		switch age := now.Sub(e.Time); {
		case e.Time.IsZero() || age < 0:
		case age <= r.keep:
			return old, true, nil
		default:
			old = batch.From + stock.Seq(i)
		}
	}
	return old, false, nil
}
