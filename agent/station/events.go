package station

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// statusEvery is how often a page hears how devices, link and disk are.
const statusEvery = time.Second

// streamWrite bounds one write to a page: a tablet that fell asleep must not
// hold a goroutine.
const streamWrite = 10 * time.Second

// events streams what a station shows, as server-sent events: "view" and
// "weight" when they change, "status" every second.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	desk, ok := s.desk(w, r.URL.Query().Get("station"))
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	out := &stream{control: http.NewResponseController(w), w: w}
	var ticker sync.WaitGroup
	ticker.Go(func() {
		defer cancel()
		s.sendStatus(ctx, out)
	})
	_ = desk.Watch(ctx, out.send) // the page went away: it will come back
	cancel()
	ticker.Wait()
}

func (s *Server) sendStatus(ctx context.Context, out *stream) {
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	for {
		text, err := json.Marshal(s.deps.Status())
		if err != nil {
			s.deps.Log.ErrorContext(ctx, "status cannot be written", "error", err)
			return
		}
		if out.send("status", text) != nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// stream writes events of several goroutines to one page.
type stream struct {
	control *http.ResponseController
	mu      sync.Mutex
	w       http.ResponseWriter // guarded by mu
}

func (s *stream) send(event string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.control.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(s.w, "event: %s\ndata: %s\n\n", event, data); err != nil {
		return err
	}
	return s.control.Flush()
}
