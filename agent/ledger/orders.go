package ledger

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// orders are what the hub wants picked, by id. A closed one is forgotten; a
// cancelled one is kept while something of it is to be put back, and until the
// hub sends something else.
type orders map[stock.OrderID]task

// task is an order and what was done of it. The values that it leads to are
// never changed in place.
type task struct {
	order    stock.Order
	progress stock.Progress
	// own is what the entries of this ledger did, where the progress came from
	// an earlier one; nil where it did not.
	own *stock.Progress
	// base is the entry up to which the progress stands in the file; what came
	// after it is added up again at opening, so that a pick costs no page.
	base stock.Seq
}

// Orders gives the orders that are to be picked, the one that is due first
// first, and among those without a due time the one that was confirmed first.
func (l *Ledger) Orders() []stock.Order {
	l.mu.RLock()
	var out []stock.Order
	for _, t := range l.view.orders {
		if t.order.State == stock.OrderOpen {
			out = append(out, t.order)
		}
	}
	l.mu.RUnlock()
	slices.SortFunc(out, firstDue)
	return out
}

func firstDue(a, b stock.Order) int {
	return cmp.Or(
		due(&a).Compare(due(&b)), a.Confirmed.Compare(b.Confirmed), strings.Compare(string(a.ID), string(b.ID)),
	)
}

// due gives when an order is due: the end of time for one that nothing was
// promised of.
func due(o *stock.Order) time.Time {
	if o.Due.IsZero() {
		return time.Unix(1<<40, 0)
	}
	return o.Due
}

// Order gives an order that is to be picked, or one that was cancelled and not
// forgotten yet; false for every other id.
func (l *Ledger) Order(id stock.OrderID) (stock.Order, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	t, ok := l.view.orders[id]
	return t.order, ok
}

// Picked gives what was done of an order, as far as it is on disk.
func (l *Ledger) Picked(id stock.OrderID) stock.Progress {
	l.mu.RLock()
	defer l.mu.RUnlock()
	t := l.view.orders[id]
	return t.progress.Clone()
}

// task gives an order as the commit at hand leaves it.
func (c *commit) task(id stock.OrderID) (task, bool) {
	if t, ok := c.tasks[id]; ok {
		return t, t.order.ID != ""
	}
	t, ok := c.l.view.orders[id]
	return t, ok
}

// setTask makes an order what the commit leaves; a zero task forgets it.
func (c *commit) setTask(id stock.OrderID, t task) {
	if c.tasks == nil {
		c.tasks = make(orders)
		c.publish = append(c.publish, func(v *view) { v.orders.merge(c.tasks) })
	}
	c.tasks[id] = t
}

func (o *orders) merge(changed orders) {
	if *o == nil {
		*o = make(orders)
	}
	for id, t := range changed {
		if t.order.ID == "" {
			delete(*o, id)
			continue
		}
		(*o)[id] = t
	}
}

// putOrder takes the newest state of an order from the hub.
func (c *commit) putOrder(o *stock.Order) error {
	old, known := c.task(o.ID)
	switch {
	case o.State == stock.OrderClosed && !known:
		return nil
	case o.State == stock.OrderClosed:
		return c.forgetOrder(o.ID)
	case o.State == stock.OrderCancelled && len(o.Lines) == 0 && known:
		// Of an order that is long over the hub knows no more than that.
		over := old.order
		over.State, o = o.State, &over
	}
	t := task{order: *o, progress: old.progress, own: old.own, base: c.last.seq}
	t.order.Lines = slices.Clone(o.Lines)
	t.settle(&old.order, !c.l.view.past.took.IsZero())
	if err := c.writeOrder(&t); err != nil {
		return err
	}
	c.setTask(o.ID, t)
	return nil
}

// settle makes sure that nothing is counted both in the order's lines and in the
// progress. What the hub says that earlier ledgers did is right once this one
// has taken over: it lacks nothing that was not brought along, and has what an
// earlier ledger lost. Until then the progress that came from there is better.
//
// What was told of earlier ledgers before stays where less is told now: a hub that
// was restored from an older copy lacks entries that nobody sends again.
func (t *task) settle(before *stock.Order, tookOver bool) {
	inherited := t.own != nil && (!tookOver || t.order.Before == 0)
	if t.own != nil && !inherited {
		t.progress, t.own = *t.own, nil
	}
	for i := range t.order.Lines {
		l := &t.order.Lines[i]
		was, ok := before.Line(l.Number)
		switch {
		case !ok:
		case inherited:
			l.Picked, l.Short = was.Picked, was.Short
		default:
			l.Picked, l.Short = max(l.Picked, was.Picked), l.Short || was.Short
		}
	}
}

// apply adds a movement to what was done of the order.
func (t *task) apply(m *stock.Movement) {
	t.progress = t.progress.Clone()
	t.progress.Apply(m)
	if t.own != nil {
		t.applyOwn(m)
	}
}

// applyOwn adds a movement that the progress has already.
func (t *task) applyOwn(m *stock.Movement) {
	own := t.own.Clone()
	own.Apply(m)
	t.own = &own
}

// kept is how a task's progress stands in the file.
type kept struct {
	stock.Progress
	Own *stock.Progress `json:",omitempty"`
}

// forgetDone forgets the cancelled orders of which nothing is left to put back.
func (c *commit) forgetDone() error {
	for id := range c.l.view.orders {
		t, ok := c.task(id)
		if !ok || t.order.State != stock.OrderCancelled || len(t.progress.Picked) > 0 {
			continue
		}
		if err := c.forgetOrder(id); err != nil {
			return err
		}
	}
	return nil
}

func (c *commit) forgetOrder(id stock.OrderID) error {
	c.setTask(id, task{})
	b := c.tx.Bucket(bucketState).Bucket(bucketOrders)
	if b == nil {
		return nil
	}
	return c.fail(b.Delete([]byte(id)))
}

// writeOrder stores an order with its progress as of the entry that it names.
func (c *commit) writeOrder(t *task) error {
	body, err := t.bytes()
	if err != nil {
		return err
	}
	b, err := c.tx.Bucket(bucketState).CreateBucketIfNotExists(bucketOrders)
	if err != nil {
		return c.fail(err)
	}
	c.dirty = true
	k := string(t.order.ID)
	return c.fail(b.Put([]byte(k), sealed(k, body)))
}

// rebaseOrders writes the progress of those orders whose entries are about to
// be trimmed.
func (c *commit) rebaseOrders(cut stock.Seq) error {
	for id := range c.l.view.orders {
		t, ok := c.task(id)
		if !ok || t.base >= cut {
			continue
		}
		t.base = c.last.seq
		if err := c.writeOrder(&t); err != nil {
			return err
		}
		c.setTask(id, t)
	}
	return nil
}

// bytes gives the entry that the progress is as of, the length of the order, the
// order, and the progress.
func (t *task) bytes() ([]byte, error) {
	order, err := proto.MarshalOptions{Deterministic: true}.Marshal(wire.OrderMessage(&t.order))
	if err != nil {
		return nil, err
	}
	progress, err := json.Marshal(kept{t.progress, t.own})
	if err != nil {
		return nil, err
	}
	out := binary.BigEndian.AppendUint32(seqKey(t.base), uint32(len(order)))
	return append(append(out, order...), progress...), nil
}

func taskFrom(k, v []byte) (task, error) {
	const head = 12
	bad := fmt.Errorf("order %q: checksum does not fit", k)
	body, ok := unsealed(string(k), v)
	if !ok || len(body) < head || uint64(len(body)-head) < uint64(binary.BigEndian.Uint32(body[8:])) {
		return task{}, bad
	}
	end := head + int(binary.BigEndian.Uint32(body[8:]))
	var m forestockv1.Order
	if err := proto.Unmarshal(body[head:end], &m); err != nil {
		return task{}, bad
	}
	t := task{base: keySeq(body[:8])}
	var err error
	if t.order, err = wire.OrderFrom(&m); err != nil {
		return task{}, err
	}
	var done kept
	err = json.Unmarshal(body[end:], &done)
	t.progress, t.own = done.Progress, done.Own
	return t, err
}

// load reads the orders back, each as of its base.
func (o *orders) load(tx *bbolt.Tx) error {
	*o = make(orders)
	b := tx.Bucket(bucketState).Bucket(bucketOrders)
	if b == nil {
		return nil // a file that was made before there were orders
	}
	return b.ForEach(func(k, v []byte) error {
		t, err := taskFrom(k, v)
		if err == nil {
			(*o)[t.order.ID] = t
		}
		return err
	})
}

// from gives the entry after which entries are needed to complete the progress.
func (o orders) from(newest stock.Seq) stock.Seq {
	for _, t := range o {
		newest = min(newest, t.base)
	}
	return newest
}

// replay adds an entry that the file holds after the base of its order.
func (o orders) replay(e *stock.Entry) {
	t, ok := o[stock.OrderID(e.Document)]
	if !ok || e.Seq <= t.base {
		return
	}
	t.apply(&e.Movement)
	o[t.order.ID] = t
}
