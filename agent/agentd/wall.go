package agentd

import (
	"sync"
	"time"

	"github.com/forestock/forestock/agent/floor"
)

// Wall is what the board on the wall shows.
type Wall struct {
	Board  floor.Board `json:"board"`
	Status Status      `json:"status"`
}

// wallEvery is how often the board is made anew: it reads every level.
const wallEvery = time.Second

// wall keeps the newest board for all who look at it.
type wall struct {
	make func() floor.Board

	mu     sync.Mutex
	made   time.Time   // guarded by mu
	newest floor.Board // guarded by mu
}

func (w *wall) board() floor.Board {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.made.IsZero() || time.Since(w.made) >= wallEvery {
		w.newest, w.made = w.make(), time.Now()
	}
	return w.newest
}
