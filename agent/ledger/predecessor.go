package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Predecessor is a ledger in whose place another one was made. Its file was set
// aside and is only read: entry by entry, as far as the hashes fit, without
// trusting a page. All methods are safe for concurrent use.
type Predecessor struct {
	PredecessorInfo

	mu    sync.Mutex // guards what follows
	read  bool       // the file was read through
	whole []piece    // the entries after Stored that are whole
}

// Predecessor gives the ledger of an epoch that was set aside for this one, or
// for one that was set aside for it before the hub ever knew it. Where none is
// known to be of that epoch, one that is too damaged to say its own may be: it
// is for the hub to tell, entry by entry.
func (l *Ledger) Predecessor(epoch stock.Epoch) (*Predecessor, bool) {
	i := l.predecessorOf(epoch)
	if i < 0 {
		return nil, false
	}
	return l.predecessors[i], true
}

// predecessorOf gives the place of a predecessor in the line; below zero for none.
func (l *Ledger) predecessorOf(epoch stock.Epoch) int {
	nameless := -1
	for i, p := range l.predecessors {
		switch p.Position.Epoch {
		case epoch:
			return i
		case stock.Epoch{}:
			nameless = i
		}
	}
	return nameless
}

// Sums gives the points by which the hub can tell whether it has the same
// entries: those of seqs, which ascend, that are after Stored and whole. The first
// call reads the whole file. Errors: fs.ErrNotExist when somebody removed the
// file, ctx's.
func (p *Predecessor) Sums(ctx context.Context, seqs []stock.Seq) (points []wire.TracePoint, err error) {
	err = p.look(ctx, func(file *os.File, whole []piece) error {
		for _, seq := range seqs {
			i, ok := slices.BinarySearchFunc(whole, seq, pieceAt)
			if !ok {
				continue
			}
			r, err := whole[i].read(file)
			if err != nil {
				return err
			}
			points = append(points, wire.TracePoint{Seq: seq, Sum: wire.TraceSum(r.bytes)})
		}
		return nil
	})
	return points, err
}

// Statement gives the predecessor's levels as of its newest entry, for a hub
// that has nothing of it. Errors: ErrDamaged when they cannot be told for certain,
// ErrLocked, fs.ErrNotExist, ctx's.
func (p *Predecessor) Statement(ctx context.Context) (stock.Statement, error) {
	v, err := verify(ctx, p.Path, nil)
	switch r := &v.report; {
	case err != nil:
		return stock.Statement{}, err
	case !r.Levels || len(r.Damages) > 0 || r.Position.Epoch != p.Position.Epoch:
		return stock.Statement{}, &DamagedError{Path: p.Path, What: "its levels cannot be told for certain"}
	default:
		return stateOf(&v.sheet, r.Position.Epoch, mark{r.Position.Last, r.Position.Head}), nil
	}
}

// look lets fn see the file and where its whole entries stand.
func (p *Predecessor) look(ctx context.Context, fn func(file *os.File, whole []piece) error) (err error) {
	file, err := os.Open(p.Path)
	if err != nil {
		return fmt.Errorf("ledger that was set aside: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.read {
		if p.whole, err = wholeAfter(ctx, file, p.Stored); err != nil {
			return fmt.Errorf("ledger %s: %w", p.Path, err)
		}
		p.read = true
	}
	if err := fn(file, p.whole); err != nil {
		return fmt.Errorf("ledger %s: %w", p.Path, err)
	}
	return nil
}

// wholeAfter finds the entries of a file after one that are whole.
func wholeAfter(ctx context.Context, file *os.File, after stock.Seq) (whole []piece, err error) {
	r, err := findRemains(ctx, file, after)
	if err != nil {
		return nil, err
	}
	at, ok := r.start(after)
	if !ok {
		return nil, nil
	}
	err = r.whole(ctx, at, func(l link) error {
		if l.piece.seq > after {
			whole = append(whole, l.piece)
		}
		return nil
	})
	return whole, err
}

func pieceAt(p piece, seq stock.Seq) int { return compareSeq(p.seq, seq) }

// brought is an entry of a predecessor on its way into the ledger.
type brought struct {
	stock.Entry
	of    int         // which predecessor, by its place in the line, from 1
	epoch stock.Epoch // its epoch
}

// brought gives the entries of predecessors that the statement of the ledger of
// an epoch cannot have, oldest first. Of that ledger they are those after common;
// what was before it is in the statement. Of one that came later they are what
// was booked there as long as the hub had stored nothing of it, but not what it
// took over, because that is in the statement, or comes from its predecessors.
func (l *Ledger) brought(ctx context.Context, epoch stock.Epoch, common stock.Seq) (all []brought, err error) {
	stated := l.predecessorOf(epoch)
	for i, p := range l.predecessors {
		if i < stated || i != stated && p.Stored > 0 {
			continue
		}
		wanted := func(seq stock.Seq) bool { return !p.tookWith(seq) }
		if i == stated {
			wanted = func(seq stock.Seq) bool { return seq > common }
		}
		err := p.look(ctx, func(file *os.File, whole []piece) error {
			for _, at := range whole {
				if !wanted(at.seq) {
					continue
				}
				e, err := at.entry(file)
				if err != nil {
					return err
				}
				if e.Kind == stock.Opening && p.tookWith(at.seq) {
					continue // the hub states these levels until it has stored all of that takeover
				}
				all = append(all, brought{e, i + 1, p.Position.Epoch})
			}
			return nil
		})
		switch {
		case errors.Is(err, fs.ErrNotExist):
			// Whoever removed it meant to; the levels must come all the same.
			l.log.WarnContext(ctx, "a ledger that was set aside is gone: what the hub never got of it is lost", "path", p.Path, "epoch", p.Position.Epoch)
		case err != nil:
			return nil, err
		}
	}
	return all, nil
}

// tookWith reports whether an entry is one that the ledger took over with.
func (p *PredecessorInfo) tookWith(seq stock.Seq) bool {
	return p.TookFrom > 0 && seq >= p.TookFrom && seq <= p.Took.Last
}

// movements gives what the entry becomes here, given the new numbers of the
// entries that were brought with it. The undo of an entry that stayed behind
// cannot name it, so it becomes what it did: a return to an order's line, a
// correction, or for a move two, because a correction has one place.
func (b *brought) movements(now map[stock.Seq]stock.Seq) []stock.Movement {
	m := b.Movement
	if m.Kind != stock.Undo {
		return []stock.Movement{m}
	}
	if seq, ok := now[m.Undoes]; ok {
		m.Undoes = seq
		return []stock.Movement{m}
	}
	if m.Reason == "" {
		m.Reason = fmt.Sprintf("undo of entry %d of ledger %x", m.Undoes, b.epoch[:4])
	}
	m.Kind, m.Undoes = stock.Adjust, 0
	if m.Line != "" {
		m.Kind = stock.Return // its order wants the goods again
	}
	if m.To == "" {
		return []stock.Movement{m}
	}
	there := m
	m.To = ""
	there.Bin, there.To, there.Delta = there.To, "", -there.Delta
	return []stock.Movement{m, there}
}
