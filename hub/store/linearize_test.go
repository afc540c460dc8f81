package store

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

const (
	lineSKUs   = 4
	lineOrders = 24 // of each SKU
	lineStock  = 12 // units of each SKU
)

// wish is one command about one order of one SKU.
type wish struct {
	sku, order int
	what       string // try, confirm or cancel
}

func (c wish) id() stock.OrderID { return stock.OrderID(fmt.Sprintf("o-%d-%d", c.sku, c.order)) }
func (c wish) quantity() int     { return 1 + c.order%3 }

// lost is the answer that a power cut swallowed.
const lost = "lost"

// sold is the state of one SKU: what is free, and every order of it.
type sold struct {
	free   int
	orders [lineOrders]inventory.ReservationState
}

// do gives the next state and the answer of a command given alone.
func (s sold) do(c wish) (sold, string) {
	o := &s.orders[c.order]
	switch {
	case c.what == "try" && *o == 0 && s.free >= c.quantity():
		*o, s.free = inventory.Tried, s.free-c.quantity()
	case c.what == "confirm" && *o == inventory.Tried:
		*o = inventory.Confirmed
	case c.what == "confirm" && *o == inventory.Cancelled:
		return s, string(inventory.ReservationCancelled)
	case c.what == "confirm" && *o == 0:
		return s, string(inventory.ReservationNotFound)
	case c.what == "cancel":
		if *o == inventory.Tried || *o == inventory.Confirmed {
			s.free += c.quantity()
		}
		*o = inventory.Cancelled
	case *o == 0:
		return s, string(inventory.InsufficientStock)
	}
	return s, o.String()
}

// oneByOne says what histories are those of commands given one by one. What was
// lost may have been done or not.
var oneByOne = porcupine.NondeterministicModel{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		out := make([][]porcupine.Operation, lineSKUs)
		for _, op := range history {
			sku := op.Input.(wish).sku
			out[sku] = append(out[sku], op)
		}
		return out
	},
	Init: func() []any { return []any{sold{free: lineStock}} },
	Step: func(state, input, output any) []any {
		next, answer := state.(sold).do(input.(wish))
		switch output {
		case answer:
			return []any{next}
		case lost:
			return []any{next, state}
		}
		return nil
	},
	Equal: func(a, b any) bool { return a == b },
}

// mains is a store whose power fails now and then, and what its callers saw.
type mains struct {
	testing.TB
	begin   time.Time
	mu      sync.RWMutex // held to note an answer; held alone while the power fails
	store   *running     // guarded by mu
	cuts    int          // guarded by mu
	noted   sync.Mutex
	history []porcupine.Operation // guarded by noted
}

// call gives one command and notes what came of it.
func (m *mains) call(client int, c wish) {
	m.mu.RLock()
	s, cuts := m.store, m.cuts
	m.mu.RUnlock()
	op := porcupine.Operation{ClientId: client, Input: c, Call: int64(time.Since(m.begin)), Output: lost}
	results, err := s.Apply(m.Context(), m.command(c))
	m.mu.RLock()
	defer m.mu.RUnlock()
	op.Return = int64(time.Since(m.begin))
	if cuts != m.cuts { // the answer came from a machine that was dead already
		op.Return = int64(time.Hour)
	} else if err != nil {
		m.Errorf("Apply: %v", err)
	} else {
		op.Output = answerOf(results[0])
	}
	m.noted.Lock()
	defer m.noted.Unlock()
	m.history = append(m.history, op)
}

func (m *mains) command(c wish) inventory.Command {
	switch c.what {
	case "confirm":
		return inventory.Confirm{ID: c.id()}
	case "cancel":
		return inventory.Cancel{ID: c.id()}
	}
	return try(m, string(c.id()), stock.SKU(fmt.Sprintf("sku-%d", c.sku)), int64(c.quantity()))
}

func answerOf(r inventory.Result) string {
	switch r := r.(type) {
	case inventory.Reserved:
		return r.Reservation.State.String()
	case *inventory.Denied:
		return string(r.Reason)
	}
	return fmt.Sprintf("%T", r)
}

// cut makes the store what a power cut leaves of it.
func (m *mains) cut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.store = m.store.Crash(m).(*running)
	m.cuts++
}

// live runs callers against a store whose power fails, and gives what they saw.
func live(t *testing.T, o Options, seed uint64) []porcupine.Operation {
	t.Helper()
	m := &mains{TB: t, begin: time.Now(), store: memory(o)(t, t.TempDir()).(*running)}
	box := storetest.NewBox("wh-0", 1)
	hear(t, m.store, box, box.Hello())
	for sku := range lineSKUs {
		box.Move(t, stock.Movement{Kind: stock.Receive, SKU: stock.SKU(fmt.Sprintf("sku-%d", sku)), Delta: lineStock})
	}
	hear(t, m.store, box, box.Rest(lineSKUs))
	if err := m.store.db.Flush(); err != nil { // the control's stock must survive
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for client := range 6 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(client)))
			for range 120 {
				m.call(client, wish{r.IntN(lineSKUs), r.IntN(lineOrders), [...]string{"try", "try", "confirm", "cancel"}[r.IntN(4)]})
				if r.IntN(60) == 0 {
					m.cut()
				}
			}
		})
	}
	wg.Wait()
	return m.history
}

// TestReservations_AreLinearizable: whatever callers do at once, and however
// often the power fails meanwhile, what they saw is what commands given one by
// one would have answered.
func TestReservations_AreLinearizable(t *testing.T) {
	for range 4 {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		if got := porcupine.CheckOperationsTimeout(oneByOne.ToModel(), live(t, Options{}, seed), time.Minute); got != porcupine.Ok {
			t.Errorf("seed %d: the history is %s", seed, got)
		}
	}
}

// TestLinearizable_NoticesAStoreThatForgets is the negative control: a store
// that answers before it has synced.
func TestLinearizable_NoticesAStoreThatForgets(t *testing.T) {
	for seed := range uint64(10) {
		if porcupine.CheckOperationsTimeout(oneByOne.ToModel(), live(t, Options{noSync: true}, seed), time.Minute) == porcupine.Illegal {
			return
		}
	}
	t.Error("a store that forgets what it answered is not noticed")
}
