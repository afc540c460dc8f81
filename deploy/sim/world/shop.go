package world

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/proto/stock"
)

// shop is the platform: it holds stock for orders, confirms and cancels them, and
// repeats what was not answered.
type shop struct {
	w      *World
	dice   *rand.Rand
	number int // orders so far

	mu     sync.Mutex
	orders []*sale // guarded by mu, with what they point to; oldest first
	held   []*sale // guarded by mu; confirmed, and on a floor when the hub was set back
}

// sale is an order as the shop knows it.
type sale struct {
	id     stock.OrderID
	ask    inventory.Ask
	where  []inventory.Candidate
	answer inventory.ReservationState // the last; 0 for none
	open   bool                       // a cancel was not answered: nobody knows

	floor *box // of held: who has it, and how often that disk had lost something
	turns int
}

func newShop(w *World) *shop { return &shop{w: w, dice: w.dice.Of("shop")} }

func (s *shop) work(ctx context.Context) {
	for pause(ctx, time.Duration(s.dice.Int64N(int64(12*time.Second))), shopMoment) {
		life := s.w.hub.now()
		if life == nil {
			continue
		}
		o := s.some()
		switch n := s.dice.IntN(10); {
		case o == nil || n < 4:
			o = s.order()
			s.try(ctx, life, o)
		case o.answer == 0 || n < 5:
			s.try(ctx, life, o)
		case n < 9:
			s.ask(ctx, life, o, inventory.Confirm{ID: o.id})
		default:
			s.ask(ctx, life, o, inventory.Cancel{ID: o.id, Reason: "changed their mind"})
		}
	}
}

// some gives one of the latest orders; nil when there is none.
func (s *shop) some() *sale {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.orders) == 0 {
		return nil
	}
	return s.orders[len(s.orders)-1-s.dice.IntN(min(len(s.orders), 6))]
}

// order thinks of a new order.
func (s *shop) order() *sale {
	s.number++
	o := &sale{id: stock.OrderID(fmt.Sprintf("o-%d", s.number)), ask: inventory.Ask{
		TTL: time.Duration(1+s.dice.IntN(120)) * time.Second, AllowPartial: s.dice.IntN(3) == 0,
	}}
	for _, i := range s.dice.Perm(len(skus))[:1+s.dice.IntN(3)] {
		o.ask.Lines = append(o.ask.Lines, inventory.AskLine{SKU: skus[i], Quantity: 1 + s.dice.Int64N(20)})
	}
	for range 1 + s.dice.IntN(2) {
		o.where = append(o.where, inventory.Candidate{Warehouse: s.w.some(s.dice).id})
		o.ask.Where += string(o.where[len(o.where)-1].Warehouse) + " "
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders = append(s.orders, o)
	return o
}

func (s *shop) try(ctx context.Context, life *hubLife, o *sale) {
	ask := o.ask
	ask.Lines = slices.Clone(ask.Lines)
	c, err := inventory.NewTry(o.id, ask, slices.Clone(o.where))
	if err != nil {
		s.w.must("shop", err)
		return
	}
	s.ask(ctx, life, o, c)
}

// ask gives a command to the hub and takes note of the answer.
func (s *shop) ask(ctx context.Context, life *hubLife, o *sale, c inventory.Command) {
	results, err := life.store.Apply(ctx, c)
	if err != nil || s.w.hub.now() != life {
		s.w.story.tell("shop", "%s %T: no answer", o.id, c)
		_, cancel := c.(inventory.Cancel)
		s.mu.Lock()
		o.open = o.open || cancel
		s.mu.Unlock()
		return
	}
	r, ok := results[0].(inventory.Reserved)
	if !ok {
		s.w.story.tell("shop", "%s %T: %v", o.id, c, results[0])
		return
	}
	s.w.story.tell("shop", "%s %T: %s in %s", o.id, c, r.Reservation.State, r.Reservation.Warehouse)
	s.w.count(func(t *Tally) { t.Reserved++ })
	s.mu.Lock()
	o.answer = r.Reservation.State
	s.mu.Unlock()
	if _, tried := c.(*inventory.Try); tried && !r.Replayed {
		s.backed(life, r.Reservation)
	}
}

// backed checks that what was just held is there.
func (s *shop) backed(life *hubLife, r *inventory.Reservation) {
	for i := range r.Lines {
		if l, _ := life.store.Level(r.Warehouse, r.Lines[i].SKU); l.Held+l.Committed > l.OnHand && r.Lines[i].Granted > 0 {
			s.w.breach("hub", "held %d of %s in %s for %s, where %d are on hand and %d are held and %d committed", r.Lines[i].Granted, l.SKU, r.Warehouse, r.ID, l.OnHand, l.Held, l.Committed)
		}
	}
}

// forget lets the hub off: it was set back, and knows nothing of some orders. But
// those that were confirmed and that a floor holds come back from there.
func (s *shop) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := append(s.held, s.orders...)
	s.orders, s.held = nil, nil
	for _, b := range s.w.boxes {
		life, _ := b.now()
		if life == nil {
			continue
		}
		for _, o := range life.ledger.Orders() {
			i := slices.IndexFunc(all, func(h *sale) bool { return h.id == o.ID })
			if i >= 0 && all[i].answer == inventory.Confirmed && !all[i].open {
				all[i].floor, all[i].turns = b, b.staff.lost()
				s.held = append(s.held, all[i])
			}
		}
	}
}

// came checks that the hub has the orders again that the floor of a box held when
// it was set back, unless the box has lost something since.
func (s *shop) came(c *checking) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.held {
		if o.floor != c.b || o.turns != c.b.staff.lost() {
			continue
		}
		r, ok, err := c.hub.store.Reservation(context.Background(), o.id)
		if err != nil || !ok || r.State != inventory.Confirmed && r.State != inventory.Fulfilled && r.State != inventory.Shorted {
			c.breach("held order %s when the hub was set back, and the hub knows it as %+v, %v", o.id, r, err)
		}
		s.w.count(func(t *Tally) { t.Recalled++ })
	}
}

// check holds a store that was just opened against what the shop was answered.
func (s *shop) check(st *store.Pebble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.orders {
		if o.answer == 0 {
			continue
		}
		r, ok, err := st.Reservation(context.Background(), o.id)
		if err != nil || !ok {
			s.w.breach("hub", "told the shop that %s is %s, and knows nothing of it after its restart (%v)", o.id, o.answer, err)
			continue
		}
		back := o.answer == inventory.Confirmed && (r.State == inventory.Tried || r.State == inventory.Expired) ||
			o.answer == inventory.Cancelled && r.State != inventory.Cancelled
		if back {
			s.w.breach("hub", "told the shop that %s is %s, and says %s after its restart", o.id, o.answer, r.State)
		}
	}
}
