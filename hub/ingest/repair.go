package ingest

import (
	"context"
	"errors"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// Errors of a repair.
var (
	// ErrSilent says that the agent is not there to be asked.
	ErrSilent = errors.New("the agent has not been heard from for a minute")
	// ErrRepairing says that another repair of the same warehouse is under way.
	ErrRepairing = errors.New("a repair of this warehouse is under way")
)

// Repair is what came of one: Refusal is nil where it was done, or will be once
// the entries up to Until have come.
type Repair struct {
	inventory.Repairing
	Refusal *inventory.Refusal
}

// repairing is a repair that waits for the agent's levels.
type repairing struct {
	by, why string
	left    <-chan struct{} // closed when nobody waits for it any more
	answer  chan<- repaired // has room for the answer
}

type repaired struct {
	Repair
	err error
}

// given reports whether nobody waits for the repair any more.
func (r *repairing) given() bool {
	select {
	case <-r.left:
		return true
	default:
		return false
	}
}

// Repair asks the agent of a warehouse for its levels and puts them in the place
// of the hub's, as decided by somebody for a reason. Nothing is changed when ctx
// ends before the agent has told them all.
func (d *Desk) Repair(ctx context.Context, w stock.Warehouse, by, why string) (Repair, error) {
	d.mu.RLock()
	l := d.links[w]
	d.mu.RUnlock()
	if l == nil {
		return Repair{}, ErrSilent
	}
	answer := make(chan repaired, 1)
	select {
	case l.repairs <- &repairing{by, why, ctx.Done(), answer}:
	case <-ctx.Done():
		return Repair{}, ctx.Err()
	}
	select {
	case r := <-answer:
		return r.Repair, r.err
	case <-ctx.Done():
		return Repair{}, ctx.Err()
	}
}

// begin takes a repair, which pursue then keeps going.
func (l *link) begin(r *repairing) {
	if l.repair != nil && !l.repair.given() {
		r.answer <- repaired{err: ErrRepairing}
		return
	}
	l.repair = r
}

// settle answers the repair that waits.
func (l *link) settle(r Repair, err error) {
	l.repair.answer <- repaired{r, err}
	l.repair = nil
}

// mend gives the store the agent's levels for a repair.
func (l *link) mend(ctx context.Context, p *pull, st stock.Statement) {
	if l.repair == nil || l.repair.given() {
		return // nobody waits for it any more, so nobody would know of it
	}
	r, refusal, err := l.desk.store.Repair(ctx, inventory.Repair{
		Warehouse: l.warehouse, Session: inventory.Session(p.session), Statement: st, By: l.repair.by, Why: l.repair.why,
	})
	if err == nil && refusal == nil {
		l.log.WarnContext(ctx, "the agent's levels take the place of the hub's", "until", uint64(r.Until), "done", r.Done != nil, "by", l.repair.by, "why", l.repair.why)
		l.note(func(c *Contact) { c.Differ, c.DifferAt = nil, 0 })
	}
	l.settle(Repair{r, refusal}, err)
}
