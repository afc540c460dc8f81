package scale

import (
	"slices"
	"time"
)

// Profile is what the wire does not say about one scale.
type Profile struct {
	Unit Unit // for protocols without a unit on the wire, and for frames that leave it out
}

// Decoder finds the events in a stream of bytes. It is for one goroutine.
type Decoder struct {
	cut   cut
	rest  func(buf []byte) Event // for protocols whose frame may end without a sign; may be nil
	limit int                    // the longest frame; more without one is an overrun
	gap   time.Duration          // a frame whose next byte is later is given up
	buf   []byte
	last  time.Time // when the newest byte in buf arrived
}

// cut looks for one thing at the beginning of buf and returns how many bytes it takes up and what it is: nil for bytes
// that mean nothing. 0 asks for more bytes. It is called after each byte, so it sees every frame as soon as it is whole.
type cut func(buf []byte) (n int, e Event)

// frameGap is longer than any scale pauses inside a frame, also at 1200 bits per second and through a USB adapter.
const frameGap = 500 * time.Millisecond

func newDecoder(limit int, c cut) *Decoder {
	return &Decoder{cut: c, limit: limit, gap: frameGap}
}

// Feed takes bytes that arrived at one time and returns what they complete.
func (d *Decoder) Feed(b []byte, at time.Time) []Event {
	events := d.Gap(at)
	for _, c := range b {
		d.buf = append(d.buf, c)
		d.last = at
		events = d.drain(events)
	}
	return events
}

// Gap gives a frame up that was not continued in time. Feed does it too, so Gap is only needed to learn of it sooner.
func (d *Decoder) Gap(at time.Time) []Event {
	if len(d.buf) == 0 || at.Sub(d.last) < d.gap {
		return nil
	}
	var e Event
	if d.rest != nil {
		e = d.rest(d.buf)
	}
	if e == nil {
		e = Broken{Reason: Cut}
	}
	e = stamp(e, d.buf, d.last)
	d.buf = nil
	return []Event{e}
}

// Reset forgets a frame that has begun. Call it when the port was reopened or bytes were lost.
func (d *Decoder) Reset() { d.buf = nil }

// Pending returns the bytes of a frame that has begun.
func (d *Decoder) Pending() []byte { return slices.Clone(d.buf) }

func (d *Decoder) drain(events []Event) []Event {
	for len(d.buf) > 0 {
		n, e := d.cut(d.buf)
		if n == 0 {
			if len(d.buf) < d.limit {
				return events
			}
			n, e = len(d.buf), Broken{Reason: Overrun}
		}
		if e != nil {
			events = append(events, stamp(e, slices.Clone(d.buf[:n]), d.last))
		}
		d.buf = append(d.buf[:0], d.buf[n:]...)
	}
	return events
}

// stamp adds the evidence to what a cut found.
func stamp(e Event, raw []byte, at time.Time) Event {
	switch e := e.(type) {
	case Reading:
		e.Raw, e.At = raw, at
		return e
	case Reply:
		e.Raw, e.At = raw, at
		return e
	case Broken:
		e.Raw, e.At = raw, at
		return e
	}
	return e
}

// line finds the end of a text line: CR LF, or one of them alone. It returns the line without its end, and how many bytes
// both take up; 0 when the line has not ended. A CR ends the line at once and its LF is skipped as an empty line, so that a
// line is never held back for a byte that some scales do not send.
func line(buf []byte) (text []byte, n int) {
	i := slices.IndexFunc(buf, func(c byte) bool { return c == '\r' || c == '\n' })
	if i < 0 {
		return nil, 0
	}
	return buf[:i], i + 1
}
