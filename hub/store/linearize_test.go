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

// lineSKUs is how many SKUs are sold.
const lineSKUs = 4

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
func (m *mains) call(client int, c storetest.Wish) {
	m.mu.RLock()
	s, cuts := m.store, m.cuts
	m.mu.RUnlock()
	op := porcupine.Operation{ClientId: client, Input: c, Call: int64(time.Since(m.begin)), Output: storetest.Lost}
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

func (m *mains) command(c storetest.Wish) inventory.Command {
	id := stock.OrderID(fmt.Sprintf("o-%d-%d", c.SKU, c.Order))
	switch c.What {
	case "confirm":
		return inventory.Confirm{ID: id}
	case "cancel":
		return inventory.Cancel{ID: id}
	}
	return try(m, string(id), stock.SKU(fmt.Sprintf("sku-%d", c.SKU)), int64(c.Quantity()))
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
		box.Move(t, stock.Movement{Kind: stock.Receive, SKU: stock.SKU(fmt.Sprintf("sku-%d", sku)), Delta: storetest.SaleStock})
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
				m.call(client, storetest.AnyWish(r, lineSKUs))
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
		if got := porcupine.CheckOperationsTimeout(storetest.OneByOne(lineSKUs), live(t, Options{}, seed), time.Minute); got != porcupine.Ok {
			t.Errorf("seed %d: the history is %s", seed, got)
		}
	}
}

// TestLinearizable_NoticesAStoreThatForgets is the negative control: a store
// that answers before it has synced.
func TestLinearizable_NoticesAStoreThatForgets(t *testing.T) {
	for seed := range uint64(10) {
		if porcupine.CheckOperationsTimeout(storetest.OneByOne(lineSKUs), live(t, Options{noSync: true}, seed), time.Minute) == porcupine.Illegal {
			return
		}
	}
	t.Error("a store that forgets what it answered is not noticed")
}
