package uplink

import (
	"context"
	"errors"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// worker reads and writes the ledger for the machine, away from the line: an
// action goes in, an answer comes out. It has one action at a time.
type worker struct {
	journal Journal
	codec   *wire.Codec
	asked   chan action
	answers chan answer
	pins    map[wire.StatementOf]pin
}

// answer tells the machine what came of an action.
type answer func(*Link)

func newWorker(j Journal, c *wire.Codec, answers chan answer) *worker {
	// The machine has one of each kind outstanding, but may have given up on
	// some that still wait.
	return &worker{journal: j, codec: c, asked: make(chan action, 8), answers: answers, pins: make(map[wire.StatementOf]pin)}
}

// errSlow is the answer to an action that finds no room behind others.
var errSlow = errors.New("the ledger is slow: it still works on what was asked before")

// ask hands in an action. It never waits; false means that nothing will come of it.
func (w *worker) ask(a action) bool {
	select {
	case w.asked <- a:
		return true
	default:
		return false
	}
}

func (w *worker) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case a := <-w.asked:
			reply := w.do(ctx, a)
			select {
			case w.answers <- reply:
			case <-ctx.Done():
				return nil
			}
		}
	}
}

func (w *worker) do(ctx context.Context, a action) answer {
	switch a := a.(type) {
	case readBatch:
		p, err := w.prepare(ctx, a)
		return func(l *Link) { l.machine.batch(l.now(), a.turn, p, err) }
	case checkHash:
		h, err := w.journal.HashAt(a.seq)
		return func(l *Link) { l.machine.hashed(l.now(), a.turn, h, err) }
	case storeDown:
		p, err := w.journal.ApplyDown(ctx, a.batch)
		return func(l *Link) { l.machine.downStored(p, err) }
	case readCells:
		raw, err := w.cells(a)
		return func(l *Link) { l.machine.cells(raw, err) }
	case readLevels:
		raw, err := w.levels(ctx, a)
		return func(l *Link) { l.machine.levels(raw, err) }
	case readPoints:
		points, err := w.journal.TracePoints(ctx, a.epoch, a.after, a.before, wire.MaxPoints)
		return func(l *Link) { l.machine.pointed(l.now(), a.turn, points, err) }
	case takeOver:
		took, err := w.journal.TakeOver(ctx, a.statement, a.common)
		return tookOver(a.turn, took, err)
	case inherit:
		took, err := w.journal.Inherit(ctx)
		return tookOver(a.turn, took, err)
	}
	return func(*Link) {}
}

func tookOver(turn int, took stock.Takeover, err error) answer {
	return func(l *Link) {
		l.machine.look(l.journal.Position())
		l.machine.tookOver(l.now(), turn, took, err)
	}
}

// prepare reads a batch and encodes it. What does not fit a frame even when
// packed is halved: one entry always fits.
func (w *worker) prepare(ctx context.Context, a readBatch) (prepared, error) {
	batch, digest, err := w.journal.Read(ctx, a.after, a.limits.entries, a.limits.bytes)
	if err != nil || len(batch.Entries) == 0 {
		return prepared{from: a.after + 1, to: a.after}, err
	}
	body := &wire.Batch{Batch: batch, Digest: digest, Last: max(w.journal.Position().Last, batch.To())}
	f := a.header
	f.Body = body
	for {
		raw, err := w.codec.Encode(&f)
		if err == nil {
			return prepared{from: body.From, to: body.To(), frame: raw}, nil
		}
		if wire.ReasonOf(err) != wire.TooLong || len(body.Entries) == 1 {
			return prepared{}, err
		}
		body.Entries, body.Digest = body.Entries[:len(body.Entries)/2], nil
	}
}

// cells gives the cells of the buckets in which the ledger differs from the
// hub, as many as fit a frame.
func (w *worker) cells(a readCells) ([]byte, error) {
	mine, _ := w.journal.Digest()
	body := new(wire.Cells)
	for i := range mine {
		if mine[i] != a.want.Digest[i] {
			body.Buckets = append(body.Buckets, i)
		}
	}
	var cells []stock.Level
	cells, body.Seq = w.journal.CellsIn(body.Buckets)
	f := a.header
	f.Body = body
	for n := min(len(cells), wire.MaxCells); ; n /= 2 {
		body.Cells, body.Truncated = cells[:n], n < len(cells)
		raw, err := w.codec.Encode(&f)
		if err == nil || wire.ReasonOf(err) != wire.TooLong || n == 0 {
			return raw, err
		}
	}
}
