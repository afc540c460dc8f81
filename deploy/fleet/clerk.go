package fleet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/firmware-bridge/sim"
)

// Clerk is somebody at a scan station: hands that scan and weigh through the
// devices, and eyes on the page. Its methods are safe for concurrent use.
type Clerk struct {
	Scanner *sim.Scanner
	Scale   *sim.Scale
	url     string // of the station's events

	mu      sync.Mutex
	view    floor.View    // guarded by mu: what the page shows
	seen    bool          // guarded by mu: the page shows something
	changed chan struct{} // guarded by mu: closed with the next view
}

func newClerk(url string) *Clerk { return &Clerk{url: url, changed: make(chan struct{})} }

// Run keeps the eyes on the page until ctx ends, whenever the agent is there.
func (c *Clerk) Run(ctx context.Context) error {
	for {
		_ = c.watch(ctx) // the agent was stopped or killed: look again
		if !Pause(ctx, 50*time.Millisecond) {
			return nil
		}
	}
}

// watch reads server-sent events.
func (c *Clerk) watch(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	event := ""
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case key == "event":
			event = value
		case key == "data" && event == "view":
			var v floor.View
			if err := json.Unmarshal([]byte(value), &v); err != nil {
				return err
			}
			c.show(v)
		}
	}
	return lines.Err()
}

func (c *Clerk) show(v floor.View) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.view, c.seen = v, true
	close(c.changed)
	c.changed = make(chan struct{})
}

// View gives what the page shows, and a channel that is closed when it shows
// something new.
func (c *Clerk) View() (floor.View, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.view, c.changed
}

// ErrNotSeen is returned when a page did not show what was waited for.
var ErrNotSeen = errors.New("the page did not show it in time")

// Until waits until the page shows something.
func (c *Clerk) Until(ctx context.Context, within time.Duration, is func(*floor.View) bool) (floor.View, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, within, ErrNotSeen)
	defer cancel()
	for {
		v, changed := c.View()
		if is(&v) {
			return v, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return v, fmt.Errorf("station %s in mode %s asks %q: %w", v.Station, v.Mode, v.Ask.Zh, context.Cause(ctx))
		}
	}
}

// Do does something and waits for the station's answer to it: the next flash.
func (c *Clerk) Do(ctx context.Context, within time.Duration, hands func() error) (floor.Flash, error) {
	before, _ := c.View()
	if err := hands(); err != nil {
		return floor.Flash{}, err
	}
	v, err := c.Until(ctx, within, func(v *floor.View) bool { return v.Flash.N != before.Flash.N })
	return v.Flash, err
}

// Scan scans a code and waits for the answer.
func (c *Clerk) Scan(ctx context.Context, code string) (floor.Flash, error) {
	return c.Do(ctx, 5*time.Second, func() error { return c.Scanner.Scan(code) })
}
