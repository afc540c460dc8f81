package ledger

import (
	"errors"
	"fmt"

	"github.com/forestock/forestock/proto/stock"
)

// ErrOrder is returned when a movement does not fit the order that it names.
var ErrOrder = errors.New("movement does not fit its order")

// OrderError says why a movement that names a line of an order is not taken.
type OrderError struct {
	Order stock.OrderID
	Line  string
	Why   OrderReason
}

// OrderReason is why a movement does not fit its order.
type OrderReason string

// The reasons.
const (
	OrderGone     OrderReason = "it is not to be picked any more"
	OrderNoLine   OrderReason = "it has no such line"
	OrderOther    OrderReason = "the line is of another item"
	OrderLineDone OrderReason = "the line is complete"
	OrderTooMuch  OrderReason = "that is more than the line needs"
	OrderNotThere OrderReason = "that is more than was picked"
)

// Error names the order and the reason.
func (e *OrderError) Error() string {
	return fmt.Sprintf("order %s line %s: %v: %s", e.Order, e.Line, ErrOrder, e.Why)
}

// Is makes errors.Is(err, ErrOrder) true.
func (e *OrderError) Is(target error) bool { return target == ErrOrder }

var orderMessages = map[OrderReason]string{
	OrderGone:     "订单已取消或已关闭，没有保存。 / The order was cancelled or closed; this was not saved.",
	OrderNoLine:   "订单没有这一行，没有保存。 / The order has no such line; this was not saved.",
	OrderOther:    "不是这一行的商品，没有保存。 / The line is of another item; this was not saved.",
	OrderLineDone: "这一行已经拣齐，没有保存。 / The line is complete already; this was not saved.",
	OrderTooMuch:  "超过订单数量，没有保存。 / More than was ordered; this was not saved.",
	OrderNotThere: "比拣过的还多，没有保存。 / More than was picked; this was not saved.",
}

// Message is what staff read.
func (e *OrderError) Message() string { return orderMessages[e.Why] }

// checkOrders holds the planned entries against the orders that they name, and
// adds them to what was done of those. Two stations at one order both come
// through here, one after the other, so an order is never picked twice.
//
// A pick or a short that names a line of an order is taken only while that
// order is open and the line wants it, and a return gives back at most what was
// picked. What names an order that the ledger does not know is taken as it is:
// the hub judges it.
func (w *commit) checkOrders(plan []stock.Entry) error {
	var changed orders
	for i := range plan {
		m := &plan[i].Movement
		if m.Line == "" || m.Document == "" {
			continue
		}
		id := stock.OrderID(m.Document)
		t, known := changed[id]
		if !known {
			t, known = w.task(id)
		}
		if !known {
			continue
		}
		if why := t.refuses(m, w.unitOf(m.SKU)); why != "" {
			return &OrderError{id, m.Line, why}
		}
		if changed == nil {
			changed = make(orders)
		}
		t.apply(m)
		changed[id] = t
	}
	for id, t := range changed {
		w.setTask(id, t)
	}
	return nil
}

func (w *commit) unitOf(sku stock.SKU) stock.Unit { return w.l.view.catalogue.items[sku].Unit }

// refuses says why a movement does not fit; empty when it does.
func (t *task) refuses(m *stock.Movement, unit stock.Unit) OrderReason {
	switch m.Kind { //nolint:exhaustive // the others are not about an order
	case stock.Return:
		line, _ := stock.LineNumber(m.Line)
		if m.Delta > t.progress.OfLot(line, m.SKU, m.Lot) {
			return OrderNotThere
		}
		return ""
	case stock.Pick, stock.Short:
	default:
		return ""
	}
	if t.order.State != stock.OrderOpen {
		return OrderGone
	}
	n, _ := stock.LineNumber(m.Line)
	l, ok := t.order.Line(n)
	switch {
	case !ok:
		return OrderNoLine
	case !l.Takes(m.SKU):
		return OrderOther
	case t.progress.Done(l) && !t.closing(m, l):
		return OrderLineDone
	case m.Kind == stock.Pick:
		return t.tooMuch(m, l, unit)
	}
	return ""
}

// closing reports whether a short goes on closing a line that an entry of the
// same command has closed: goods of several lots may be missing at once.
func (t *task) closing(m *stock.Movement, l *stock.OrderLine) bool {
	return m.Kind == stock.Short && t.progress.IsShort(l.Number)
}

// tooMuch reports whether a pick is more than the line needs. Goods that are
// weighed may go beyond the tolerance, if somebody says why.
func (t *task) tooMuch(m *stock.Movement, l *stock.OrderLine, unit stock.Unit) OrderReason {
	weighed := unit == stock.Gram || unit == stock.Millilitre
	if m.Delta >= 0 || -m.Delta > t.progress.Left(l)+l.Tolerance && (!weighed || m.Reason == "") {
		return OrderTooMuch
	}
	return ""
}
