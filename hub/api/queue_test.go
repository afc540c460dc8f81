package api

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/forestock/forestock/hub/inventory"
)

// rush is a store that answers once every caller of a rush was let in or refused.
type rush struct {
	Stock
	mu      sync.Mutex // guards what follows
	waiting int        // callers that are still on their way
	inside  int
	decided chan struct{} // closed once nobody is on the way
}

func (r *rush) arrive(inside int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside += inside
	if r.waiting--; r.waiting == 0 {
		close(r.decided)
	}
}

func (r *rush) Apply(ctx context.Context, commands ...inventory.Command) ([]inventory.Result, error) {
	r.arrive(len(commands))
	<-r.decided
	return r.Stock.Apply(ctx, commands...)
}

// However many callers come at once, one that is let in has a bounded number of
// others before it, and so the latency of a disk write or two. The others are not
// kept: they are refused while the store still writes, and told when to come
// again.
func TestQueue_WhoIsLetInHasFewBeforeIt(t *testing.T) {
	const callers, limit = 200, 8
	for _, tt := range []struct {
		name          string
		limit, inside int
	}{
		{"with a bound", limit, limit},
		// The negative control: everybody waits for everybody.
		{"without one", callers, callers},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.box("wh-01").receive("cream", callers)
			s := &rush{Stock: w.stock, waiting: callers, decided: make(chan struct{})}
			view := *w.server.view
			view.stock = s
			service := &reservations{view: &view, queue: newQueue(tt.limit)}
			var all sync.WaitGroup
			var mu sync.Mutex // guards refused
			refused := 0
			for i := range callers {
				all.Go(func() {
					_, err := service.CreateReservation(t.Context(), want(fmt.Sprintf("o-%d", i), units("cream", 1)))
					if err == nil {
						return
					}
					r := refusalOf(err)
					if r.reason != Overloaded || r.retry < 100*time.Millisecond {
						t.Errorf("refused with %v, to come again after %v", err, r.retry)
						return
					}
					mu.Lock()
					refused++
					mu.Unlock()
					s.arrive(0)
				})
			}
			all.Wait()
			if s.inside != tt.inside || refused != callers-tt.inside {
				t.Errorf("%d of %d were inside at once and %d refused, want %d inside", s.inside, callers, refused, tt.inside)
			}
			if l, _ := w.stock.Level("wh-01", "cream"); l.Held != int64(tt.inside) {
				t.Errorf("%d are held for %d that were let in", l.Held, tt.inside)
			}
		})
	}
}
