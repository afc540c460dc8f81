package devices

import (
	"context"
	"time"

	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/scanner"
)

// garbledAfter is how many fragments in a row, without one code between them,
// make a scanner count as garbled: one comes from a cable that is plugged in
// while it talks.
const garbledAfter = 3

// recent is how many scans are kept for people who try a scanner.
const recent = 5

// scan is the goroutine of a scanner.
func (a *attached) scan(ctx context.Context) error {
	framer, err := scanner.New(a.framing)
	if err != nil {
		return err
	}
	wake := time.NewTimer(time.Hour)
	defer wake.Stop()
	fragments := 0
	var status port.Status
	for {
		setTimer(wake, framer.Deadline())
		var scans []scanner.Scan
		select {
		case e, ok := <-a.port.Events():
			if !ok {
				return nil
			}
			scans = a.take(framer, e, &status)
			if e.Status != nil {
				fragments = 0
			}
		case <-wake.C:
			scans = framer.Gap(time.Now())
		}
		for i := range scans {
			fragments = a.scanned(&scans[i], fragments)
		}
		a.acknowledge(ctx, framer)
		a.judgeScanner(status, fragments)
	}
}

// acknowledge answers a scanner that waits for it. An error shows as a state of
// the port, and the scanner sends its packet again.
func (a *attached) acknowledge(ctx context.Context, f *scanner.Framer) {
	answer := f.Answer()
	if len(answer) == 0 {
		return
	}
	if err := a.port.Write(ctx, answer); err != nil {
		a.log.DebugContext(ctx, "cannot answer the scanner", "error", err)
	}
}

// take hands an event of the port to the framer.
func (a *attached) take(f *scanner.Framer, e port.Event, status *port.Status) []scanner.Scan {
	if e.Status != nil {
		if e.Status.Opened != status.Opened || !e.Status.State.Open() {
			f.Reset()
		}
		*status = *e.Status
		return nil
	}
	if e.Lost > 0 {
		f.Reset()
		a.count(func(s *State) { s.LostBytes += uint64(e.Lost) })
	}
	return f.Feed(e.Bytes, e.At)
}

// scanned counts a scan, passes it on, and gives the fragments in a row.
func (a *attached) scanned(s *scanner.Scan, fragments int) int {
	a.count(func(st *State) {
		st.Recent = append([]scanner.Scan{*s}, st.Recent[:min(len(st.Recent), recent-1)]...)
		switch s.Kind {
		case scanner.Code:
			st.Events++
		case scanner.Double:
			st.Suppressed++
		case scanner.NoRead, scanner.Broken:
			st.Broken++
		}
	})
	e := Event{Scan: s}
	if s.Kind == scanner.Double {
		e.After = s.At.Sub(a.heard)
	}
	a.heard = s.At
	a.tell(e)
	if s.Kind == scanner.Broken {
		return fragments + 1
	}
	return 0
}

func (a *attached) judgeScanner(status port.Status, fragments int) {
	switch {
	case status.State == "":
	case !status.State.Open():
		a.become(Word(status.State), status.Message(), status)
	case fragments >= garbledAfter:
		a.become("garbled", "the scanner cannot be understood: check the speed and parity set on it, and its prefix and suffix", status)
	default:
		// A scanner that nobody uses is silent, and well.
		a.become(Ready, "the scanner is ready", status)
	}
}
