package ledger

import (
	"errors"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// The hub's side of a ledger (catalogue, orders, how far its stream has come)
// does not depend on the epoch. A new ledger has it from the old one, so that the
// warehouse goes on while the hub is away.

// inherit puts into a new file what remains of the hub's side of an old one, with
// the orders as given. Unless that is whole the hub has to send it all again, so
// then the position is not put.
func (r *remains) inherit(tx *bbolt.Tx, tasks []pair, whole bool) error {
	err := errors.Join(
		putPairs(tx, [][]byte{bucketState, bucketItems}, r.items),
		putPairs(tx, [][]byte{bucketState, bucketOrders}, tasks),
	)
	if down := r.values[metaDown]; err == nil && down != nil && whole {
		err = putMeta(tx, metaDown, down)
	}
	return err
}

func (r *remains) hubSideWhole() bool { return !r.broken && !r.spoilt }

// tasks gives the orders with their progress, each as of its base; none when
// something of it is lost, because then nobody knows what was picked.
func (r *remains) tasks() orders {
	tasks := make(orders)
	if !r.hubSideWhole() {
		return tasks
	}
	for _, p := range r.orders {
		if t, err := taskFrom(p.key, p.value); err == nil {
			tasks[t.order.ID] = t
		}
	}
	return tasks
}

// anew gives the orders as a ledger of another epoch writes them first: their
// progress is as of before its first entry, which did nothing of it.
func (o orders) anew() (pairs []pair, err error) {
	for id, t := range o {
		t.base, t.own = 0, new(stock.Progress)
		body, err := t.bytes()
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair{[]byte(id), sealed(string(id), body)})
	}
	return pairs, nil
}

// addBrought adds entries that were brought along to what was done of orders. A
// progress that came from an earlier ledger has them already, and what is taken
// back because the hub has it was done all the same.
func (c *commit) addBrought(plan []stock.Entry) {
	for i := range plan {
		m := &plan[i].Movement
		t, known := c.task(stock.OrderID(m.Document))
		switch {
		case !known || m.Line == "":
			continue
		case t.own == nil:
			t.apply(m)
		default:
			t.applyOwn(m)
		}
		c.setTask(t.order.ID, t)
	}
}

// replayRaw adds an entry as it is stored.
func (o orders) replayRaw(b []byte) {
	if e, err := wire.DecodeEntry(b); err == nil {
		o.replay(&e)
	}
}
