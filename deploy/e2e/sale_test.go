package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/deploy/fleet"
	"github.com/forestock/forestock/hub/client"
	"github.com/forestock/forestock/hub/store/storetest"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

var sales = flag.Int("sales", 2, "sales under kills of the hub; make torture asks for more")

// saleSKUs are what is sold: as many units of each as storetest.SaleStock.
var saleSKUs = []struct{ sku, code string }{{"rice", "]E06901230001345"}, {"milk", milkL1}}

// sale is shoppers who reserve, confirm and cancel over a line that is cut, at a
// hub that is killed. Each has orders of its own; they meet at the goods.
type sale struct {
	w     *world
	line  *fleet.Line
	round int
	// careless makes them ask again under another id now and then, as if an answer
	// had not come: the negative control.
	careless bool

	began   time.Time
	mu      sync.Mutex
	history []porcupine.Operation // guarded by mu
}

const shoppers = 6

// shop gives one shopper's commands.
func (s *sale) shop(ctx context.Context, c *client.Client, shopper int, rng *rand.Rand) {
	for range 60 {
		wish := storetest.AnyWish(rng, len(saleSKUs))
		wish.Order -= wish.Order % shoppers
		wish.Order += shopper
		if s.careless && rng.IntN(4) == 0 {
			_ = s.ask(ctx, c, storetest.Wish{SKU: wish.SKU, Order: wish.Order, What: "try"}, "again")
		}
		op := porcupine.Operation{ClientId: shopper, Input: wish, Call: int64(time.Since(s.began))}
		op.Output = s.ask(ctx, c, wish, "")
		if op.Return = int64(time.Since(s.began)); op.Output == storetest.Lost {
			op.Return = int64(time.Hour)
		}
		s.mu.Lock()
		s.history = append(s.history, op)
		s.mu.Unlock()
		wait(ctx, time.Duration(rng.IntN(4))*time.Millisecond)
	}
}

// ask gives one command until it is answered, as a platform does, and gives the
// answer in the words of the model.
func (s *sale) ask(ctx context.Context, c *client.Client, wish storetest.Wish, suffix string) string {
	id := fmt.Sprintf("o-%d-%d-%d%s", s.round, wish.SKU, wish.Order, suffix)
	for {
		var r *forestockv1.Reservation
		var err error
		switch wish.What {
		case "confirm":
			r, err = c.Confirm(ctx, id)
		case "cancel":
			r, err = c.Cancel(ctx, id, "changed their mind")
		default:
			r, err = c.Try(ctx, &forestockv1.CreateReservationRequest{ReservationId: id, Reservation: &forestockv1.Reservation{
				Warehouse: "warehouses/" + s.w.Sites[0].Warehouse, Ttl: durationpb.New(time.Hour),
				Lines: []*forestockv1.ReservationLine{{Sku: saleSKUs[wish.SKU].sku, Quantity: int32(wish.Quantity())}},
			}})
		}
		refused, ok := errors.AsType[*client.Error](err)
		switch {
		case err == nil:
			return strings.ToLower(r.GetState().String())
		case ok && refused.Reason == "WAREHOUSE_FROZEN": // the hub has not heard from it since it started
			wait(ctx, 20*time.Millisecond)
		case ok && refused.Reason == "UNKNOWN_RESERVATION":
			return "NOT_FOUND"
		case ok && refused.Reason != "":
			return refused.Reason
		default:
			return storetest.Lost // the time is over
		}
	}
}

// trouble cuts the line again and again, and kills the hub once.
func (s *sale) trouble(ctx context.Context, rng *rand.Rand) {
	for n := 1; ctx.Err() == nil; n++ {
		wait(ctx, time.Duration(10+rng.IntN(80))*time.Millisecond)
		s.line.Cut()
		if n == 1 && !s.careless {
			s.w.Hub.Kill()
		}
		wait(ctx, 10*time.Millisecond)
		s.line.Mend()
	}
}

// run lets one sale happen and gives what the shoppers saw.
func (s *sale) run(seed uint64) []porcupine.Operation {
	s.w.t.Helper()
	ctx, cancel := context.WithTimeout(s.w.ctx, time.Minute)
	defer cancel()
	s.round++
	s.began, s.history = time.Now(), nil
	storm, enough := context.WithCancel(ctx)
	var stormy, busy sync.WaitGroup
	stormy.Go(func() { s.trouble(storm, rand.New(rand.NewPCG(seed, 0))) })
	for shopper := range shoppers {
		c := s.client()
		busy.Go(func() { s.shop(ctx, c, shopper, rand.New(rand.NewPCG(seed, uint64(shopper+1)))) })
	}
	busy.Wait()
	enough()
	stormy.Wait()
	s.line.Mend()
	s.clear(ctx)
	return s.history
}

func (s *sale) client() *client.Client {
	s.w.t.Helper()
	c, err := client.New(s.line.Addr(), "", client.Options{FirstDelay: 2 * time.Millisecond, MaxDelay: 100 * time.Millisecond, Attempt: 2 * time.Second})
	if err != nil {
		s.w.t.Fatal(err)
	}
	s.w.t.Cleanup(func() { _ = c.Close() })
	return c
}

// clear gives everything back, so that the next sale begins with all of it.
func (s *sale) clear(ctx context.Context) {
	s.w.t.Helper()
	c := s.client()
	for sku := range saleSKUs {
		for order := range storetest.SaleOrders {
			for _, suffix := range []string{"", "again"} {
				if got := s.ask(ctx, c, storetest.Wish{SKU: sku, Order: order, What: "cancel"}, suffix); got != "cancelled" {
					s.w.t.Errorf("an order that nobody picked cannot be cancelled: %s", got)
				}
			}
		}
	}
}

// newSale stocks a warehouse and puts a line before its hub.
func newSale(t *testing.T) *sale {
	t.Helper()
	w := newWorld(t, 1, true)
	w.mode(w.Sites[0], floor.GoReceive)
	for _, goods := range saleSKUs {
		for range storetest.SaleStock {
			w.scan(w.Sites[0], goods.code, floor.SoundSaved)
		}
		w.want(w.Sites[0], goods.sku, storetest.SaleStock)
	}
	line, err := fleet.NewLine(w.GRPC)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.ctx)
	ran := make(chan error, 1)
	go func() { ran <- line.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
	return &sale{w: w, line: line}
}

// TestKill_ReservationsAreLinearizable: whatever shoppers do at once, over lines
// that are cut while a call is under way and with a hub that is killed and
// comes back, what they saw is what commands given one by one would have
// answered. So no unit is sold twice, and nothing that was answered is forgotten.
func TestKill_ReservationsAreLinearizable(t *testing.T) {
	s := newSale(t)
	for range *sales {
		seed := rand.Uint64()
		history := s.run(seed)
		lost, sold := 0, 0
		for _, op := range history {
			switch op.Output {
			case storetest.Lost:
				lost++
			case "confirmed":
				sold++
			}
		}
		t.Logf("seed %d: %d commands in %v, %d of them without an answer, %d confirmed", seed, len(history), time.Since(s.began).Round(time.Millisecond), lost, sold)
		if got := porcupine.CheckOperationsTimeout(storetest.OneByOne(len(saleSKUs)), history, time.Minute); got != porcupine.Ok {
			t.Errorf("seed %d: the history is %s", seed, got)
		}
		if sold == 0 || lost > len(history)/10 {
			t.Errorf("hardly anything happened")
		}
	}
	if s.w.Hub.Kills() < *sales {
		t.Errorf("the hub was killed %d times in %d sales", s.w.Hub.Kills(), *sales)
	}
}

// TestKill_TheHistoryShowsWhoAsksUnderAnotherID is the negative control: a client
// that repeats under another id takes goods twice, and the history shows it.
func TestKill_TheHistoryShowsWhoAsksUnderAnotherID(t *testing.T) {
	s := newSale(t)
	s.careless = true
	for seed := range uint64(5) {
		if porcupine.CheckOperationsTimeout(storetest.OneByOne(len(saleSKUs)), s.run(seed), time.Minute) == porcupine.Illegal {
			return
		}
	}
	t.Error("goods that are held twice are not noticed")
}
