package floor

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"
)

// Update is something that watchers of a station get: "view" with a View, or
// "weight" with a LiveWeight.
type Update struct {
	Event string
	Data  []byte // JSON
}

// LiveWeight is what a scale shows now.
type LiveWeight struct {
	Device  string    `json:"device"`
	Text    Text      `json:"text"` // empty when there is no weight
	Grams   int64     `json:"grams"`
	Settled bool      `json:"settled"`
	Fault   Text      `json:"fault"` // why there is none
	At      time.Time `json:"at"`
}

// audience is who watches a station.
type audience struct {
	mu     sync.Mutex
	view   []byte                   // guarded by mu: the newest view
	live   map[string]LiveWeight    // guarded by mu: the newest weight of each scale
	weight map[string][]byte        // guarded by mu: the newest weight of each scale
	seats  map[chan Update]struct{} // guarded by mu
}

// seat is how many updates wait for a slow watcher before the oldest is
// dropped. Each view is whole, so a watcher that missed one is right again
// with the next.
const seat = 64

// Watch sends what happens at the station until ctx ends or send fails; first
// the newest view and weights. It gives send's error, or nil.
func (d *Desk) Watch(ctx context.Context, send func(event string, data []byte) error) error {
	updates, leave := d.audience.join()
	defer leave()
	for {
		select {
		case <-ctx.Done():
			return nil
		case u := <-updates:
			if err := send(u.Event, u.Data); err != nil {
				return err
			}
		}
	}
}

// View gives the newest view, as JSON.
func (d *Desk) View() []byte {
	d.audience.mu.Lock()
	defer d.audience.mu.Unlock()
	return d.audience.view
}

// show publishes a view unless it is the one that everybody has.
func (d *Desk) show(e Effect) {
	if !e.Changed {
		return
	}
	data, err := json.Marshal(e.View)
	if err != nil {
		d.log.Error("view cannot be written", "err", err)
		return
	}
	d.audience.publish(Update{"view", data}, func(a *audience) bool {
		same := bytes.Equal(a.view, data)
		a.view = data
		return !same
	})
}

// live publishes a weight, or that there is none any more.
func (d *Desk) live(w *Weight) {
	l := LiveWeight{Device: w.Device, Grams: w.Grams, Settled: w.Settled, At: w.At}
	switch {
	case w.Fault != "":
		l.Fault = faultText(w.Fault)
	case !w.At.IsZero():
		l.Text = grams(w.Grams)
	}
	data, err := json.Marshal(l)
	if err != nil {
		d.log.Error("weight cannot be written", "err", err)
		return
	}
	d.audience.publish(Update{"weight", data}, func(a *audience) bool { return a.weigh(&l, data) })
}

// weightEvery is how often watchers hear of a weight that does not change, so
// that a page can tell an old one.
const weightEvery = time.Second

// weigh notes a weight, and reports whether it is news.
func (a *audience) weigh(l *LiveWeight, data []byte) bool {
	if a.live == nil {
		a.live, a.weight = make(map[string]LiveWeight), make(map[string][]byte)
	}
	old, known := a.live[l.Device]
	same := known && old.Text == l.Text && old.Settled == l.Settled && old.Fault == l.Fault
	if same && l.At.Sub(old.At) < weightEvery {
		return false
	}
	a.live[l.Device], a.weight[l.Device] = *l, data
	return true
}

func (a *audience) join() (<-chan Update, func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := make(chan Update, seat)
	c <- Update{"view", a.view}
	for _, w := range a.weight {
		hand(c, Update{"weight", w})
	}
	if a.seats == nil {
		a.seats = make(map[chan Update]struct{})
	}
	a.seats[c] = struct{}{}
	return c, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.seats, c)
	}
}

// publish sends an update to everybody, when keep says that it is news.
func (a *audience) publish(u Update, keep func(*audience) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !keep(a) {
		return
	}
	for c := range a.seats {
		hand(c, u)
	}
}

// hand puts an update into a seat, in place of the oldest when it is full.
// Only one goroutine at a time sends, so the second try finds room.
func hand(c chan Update, u Update) {
	for {
		select {
		case c <- u:
			return
		default:
		}
		select {
		case <-c:
		default:
		}
	}
}
