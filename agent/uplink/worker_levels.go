package uplink

import (
	"context"
	"time"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

const (
	// pinned is how long a statement is kept for the hub to ask for its parts.
	pinned = 2 * time.Minute
	// pinFresh is how long a statement serves for one that is asked for anew:
	// a copy of the first question, held up by the network, must not begin it
	// again.
	pinFresh = 2 * time.Second
)

// pin is a statement that the hub pulls part by part.
type pin struct {
	parts []*wire.Statement
	epoch stock.Epoch
	made  time.Time
}

// of reports whether the pin has the statement of an entry; 0 stands for the
// newest.
func (p *pin) of(seq stock.Seq, now time.Time) bool {
	if p.parts == nil || now.Sub(p.made) > pinned {
		return false
	}
	return p.parts[0].Seq == seq || (seq == 0 && now.Sub(p.made) < pinFresh)
}

// levels gives a part of one of the ledger's statements, as a frame. A question
// about a statement that is gone is answered with the first part of a new one.
func (w *worker) levels(ctx context.Context, a readLevels) ([]byte, error) {
	now := time.Now()
	p := w.pins[a.want.Of]
	part := a.want.Part
	if !p.of(a.want.Seq, now) {
		st, err := w.statement(ctx, a.want.Of)
		if err != nil {
			return nil, err
		}
		p, part = pin{wire.Parts(a.want.Of, &st), st.Epoch, now}, 0
		w.pins[a.want.Of] = p
	}
	f := a.header
	f.Epoch, f.Body = p.epoch, p.parts[min(part, len(p.parts)-1)]
	return w.codec.Encode(&f)
}

func (w *worker) statement(ctx context.Context, of wire.StatementOf) (stock.Statement, error) {
	if of == wire.StatementBase {
		return w.journal.Base(ctx)
	}
	return w.journal.Newest(), nil
}
