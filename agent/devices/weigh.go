package devices

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/scale"
)

// The errors of Do.
var (
	ErrNoScale  = errors.New("there is no scale with this name")
	ErrNotReady = errors.New("the scale is not ready")
)

// order is a command to a scale, and where its end is told.
type order struct {
	command scale.Command
	done    chan error // holds one
}

// Do zeroes or tares a scale, and waits until the scale says that it has done
// so. Errors: ErrNoScale, ErrNotReady, those of scale.Dialogue.Do, and what the
// scale answers.
func (d *Devices) Do(ctx context.Context, name string, c scale.Command) error {
	i := slices.IndexFunc(d.all, func(a *attached) bool { return a.Name == name && a.Kind == Scale })
	if i < 0 {
		return fmt.Errorf("%s %s: %w", c, name, ErrNoScale)
	}
	o := order{c, make(chan error, 1)}
	select {
	case d.all[i].orders <- o:
	case <-ctx.Done():
		return fmt.Errorf("%s %s: %w", c, name, ErrNotReady)
	}
	select {
	case err := <-o.done:
		if err != nil {
			return fmt.Errorf("%s %s: %w", c, name, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s %s: %w", c, name, scale.ErrTimeout)
	}
}

// weigh is the goroutine of a scale: it keeps the dialogue with it going.
func (a *attached) weigh(ctx context.Context) error {
	dialogue, err := scale.NewDialogue(a.protocol, a.profile, scale.Options{})
	if err != nil {
		return err
	}
	wake := time.NewTimer(time.Hour)
	defer wake.Stop()
	var status port.Status
	var ordered []order // in the order in which the dialogue ends them
	for {
		setTimer(wake, dialogue.Wake())
		var events []scale.Event
		select {
		case e, ok := <-a.port.Events():
			if !ok {
				return nil
			}
			events = a.hear(dialogue, e, &status)
		case <-wake.C:
			events = dialogue.Tick(time.Now())
		case o := <-a.orders:
			if err := dialogue.Do(o.command, time.Now()); err != nil {
				o.done <- err
			} else {
				ordered = append(ordered, o)
			}
		}
		for _, e := range events {
			if end, ok := e.(scale.Done); ok && len(ordered) > 0 {
				ordered[0].done <- end.Err
				ordered = ordered[1:]
			}
			a.weighed(e)
		}
		a.judge(dialogue, status)
		a.ask(ctx, dialogue)
	}
}

// hear hands an event of the port to the dialogue.
func (a *attached) hear(d *scale.Dialogue, e port.Event, status *port.Status) []scale.Event {
	if e.Status == nil {
		if e.Lost > 0 {
			d.Lost()
			a.count(func(s *State) { s.LostBytes += uint64(e.Lost) })
		}
		return d.Feed(e.Bytes, e.At)
	}
	reopened := e.Status.Opened != status.Opened
	*status = *e.Status
	switch {
	case !e.Status.State.Open():
		return d.Closed(e.At)
	case reopened:
		return d.Opened(e.At)
	}
	return nil
}

// weighed passes a reading on. Replies and commands are the dialogue's own.
func (a *attached) weighed(e scale.Event) {
	switch e := e.(type) {
	case scale.Reading:
		a.mu.Lock()
		a.latest = e
		a.state.Events++
		a.mu.Unlock()
		a.tell(Event{Reading: &e})
	case scale.Broken:
		a.count(func(s *State) { s.Broken++ })
	}
}

// judge says how the scale is: the port's word while it is closed, the
// dialogue's while it is open.
func (a *attached) judge(d *scale.Dialogue, status port.Status) {
	if status.State == "" {
		return // the port has not said a word yet
	}
	if !status.State.Open() {
		a.become(Word(status.State), status.Message(), status)
		return
	}
	condition := d.Condition()
	a.become(Word(condition), condition.Message(), status)
}

// ask writes what the dialogue wants to say. An error shows as a state of the
// port, and the dialogue times out by itself.
func (a *attached) ask(ctx context.Context, d *scale.Dialogue) {
	for {
		request, ok := d.Next()
		if !ok {
			return
		}
		if request.Flush {
			if err := a.port.Flush(ctx); err != nil {
				a.log.DebugContext(ctx, "cannot flush", "error", err)
				continue
			}
		}
		if err := a.port.Write(ctx, request.Bytes); err != nil {
			a.log.DebugContext(ctx, "cannot ask", "error", err)
		}
	}
}

// setTimer makes a timer fire at a moment; never for the zero moment.
func setTimer(t *time.Timer, at time.Time) {
	if at.IsZero() {
		t.Stop()
		return
	}
	t.Reset(time.Until(at))
}
