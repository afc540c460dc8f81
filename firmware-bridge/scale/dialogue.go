package scale

import (
	"fmt"
	"time"
)

// Request is bytes that the owner of the port must write now. With Flush, everything that came before must be forgotten
// first (port.Flush), so that the answer is new.
type Request struct {
	Bytes []byte
	Flush bool
}

// Dialogue talks with one scale. It is pure: the owner of the port feeds it bytes and time, writes the Requests of Next, and
// calls Tick at Wake. It is for one goroutine. After each call of Opened, Closed, Feed, Tick or Do, ask Next until it has
// nothing.
type Dialogue struct {
	protocol Protocol
	profile  Profile
	options  Options
	decoder  *Decoder
	poll     []Step

	open      bool // the opening counts as heard and good, so that a scale has time to speak
	condition Condition
	heard     time.Time // when bytes came last
	good      time.Time // when something understandable came last
	latest    Reading
	settling  settling

	waiting []Command // asked for and not begun
	job     *job      // under way
	next    time.Time // when to poll
	out     []Request
	events  []Event
}

// job is a poll or a command under way.
type job struct {
	command Command // empty for a poll
	why     bool    // a poll for the reason why there is no weight
	steps   []Step
	at      int       // the step that was sent
	until   time.Time // when the step is given up
	tries   int
}

const (
	maxTries   = 2
	maxWaiting = 8
)

// NewDialogue returns a dialogue with a scale whose port is not open yet.
func NewDialogue(p Protocol, profile Profile, o Options) (*Dialogue, error) {
	if err := p.Check(profile); err != nil {
		return nil, err
	}
	d := &Dialogue{
		protocol: p, profile: profile, options: o.withDefaults(), decoder: p.NewDecoder(profile), condition: Gone,
	}
	if !o.Listen {
		d.poll = p.Poll(profile)
	}
	d.settling.rule = d.options.Settle
	return d, nil
}

// Opened tells that the port was opened, or opened again.
func (d *Dialogue) Opened(at time.Time) []Event {
	d.disconnect(at)
	d.open, d.heard, d.good, d.next = true, at, at, at
	d.become(Waiting, at)
	d.begin(at)
	return d.take()
}

// Closed tells that the port is not open any more. The last weight is void at once and commands under way have failed.
func (d *Dialogue) Closed(at time.Time) []Event {
	d.disconnect(at)
	d.become(Gone, at)
	return d.take()
}

func (d *Dialogue) disconnect(at time.Time) {
	d.decoder.Reset()
	d.settling.reset()
	d.open, d.out, d.latest = false, nil, Reading{}
	if d.job != nil && d.job.command != "" {
		d.finish(d.job.command, ErrDisconnected, at)
	}
	for _, c := range d.waiting {
		d.finish(c, ErrDisconnected, at)
	}
	d.job, d.waiting = nil, nil
}

// Feed takes bytes that arrived at one time.
func (d *Dialogue) Feed(b []byte, at time.Time) []Event {
	if !d.open || len(b) == 0 {
		return nil
	}
	d.heard = at
	for _, e := range d.decoder.Feed(b, at) {
		d.hear(e, at)
	}
	d.begin(at)
	d.judge(at)
	return d.take()
}

// Lost tells that bytes were lost: a frame that has begun is given up.
func (d *Dialogue) Lost() { d.decoder.Reset() }

// Tick does what is due.
func (d *Dialogue) Tick(at time.Time) []Event {
	if !d.open {
		return nil
	}
	d.events = append(d.events, d.decoder.Gap(at)...)
	if d.job != nil && !at.Before(d.job.until) {
		d.expire(at)
	}
	d.begin(at)
	d.judge(at)
	return d.take()
}

// Wake returns when Tick is due, or the zero time when it is not.
func (d *Dialogue) Wake() time.Time {
	if !d.open {
		return time.Time{}
	}
	var wake time.Time
	switch {
	case d.commanding():
	case d.condition == Waiting || d.condition == Answering:
		wake = d.good.Add(d.options.Stale)
	case d.condition == Garbled:
		wake = d.heard.Add(d.options.Stale)
	}
	switch {
	case d.job != nil:
		wake = earlier(wake, d.job.until)
	case len(d.poll) > 0:
		wake = earlier(wake, d.next)
	}
	return wake
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// Next returns what must be written now.
func (d *Dialogue) Next() (Request, bool) {
	if len(d.out) == 0 {
		return Request{}, false
	}
	r := d.out[0]
	d.out = d.out[1:]
	return r, true
}

// Do asks the scale to carry out a command; Done tells how it went.
func (d *Dialogue) Do(c Command, at time.Time) error {
	if !d.open {
		return fmt.Errorf("%s: %w", c, ErrDisconnected)
	}
	if len(d.waiting) >= maxWaiting {
		return fmt.Errorf("%s: %w", c, ErrTooMany)
	}
	if _, err := d.protocol.Command(c, d.profile); err != nil {
		return err
	}
	d.waiting = append(d.waiting, c)
	d.begin(at)
	return nil
}

// Latest returns the newest reading while it is still the weight: the scale is connected and it is not stale.
func (d *Dialogue) Latest(at time.Time) (Reading, bool) {
	if !d.open || d.latest.At.IsZero() || at.Sub(d.latest.At) >= d.options.Stale {
		return Reading{}, false
	}
	return d.latest, true
}

// Condition returns how the scale behaves.
func (d *Dialogue) Condition() Condition { return d.condition }

// hear takes one event of the decoder.
func (d *Dialogue) hear(e Event, at time.Time) {
	switch e := e.(type) {
	case Reading:
		d.understood(at)
		if !d.protocol.SaysStable {
			e = d.settling.infer(e)
		}
		d.latest = e
		d.events = append(d.events, e)
		switch {
		case d.job == nil:
		case d.job.command == "":
			d.end(at) // also when the scale sent it without being asked
		case d.expects() == AReading:
			d.advance(at)
		}
		return
	case Reply:
		d.understood(at)
		d.events = append(d.events, e)
		d.answer(e, at)
		return
	}
	d.events = append(d.events, e)
}

// answer applies a reply to the job under way.
func (d *Dialogue) answer(r Reply, at time.Time) {
	if d.job == nil {
		return
	}
	switch r.Kind {
	case Ack:
		if d.expects() == AnAck {
			d.advance(at)
		}
	case NotReady:
		if d.job.command == "" && !d.job.why && len(d.protocol.why) > 0 {
			d.start(&job{steps: d.protocol.why, why: true}, at)
			return
		}
		d.retry(&RejectedError{Code: string(NotReady)}, at)
	case Rejected:
		if d.job.command != "" {
			d.finish(d.job.command, &RejectedError{Code: r.Code}, at)
		}
		d.end(at)
	case Identity, Notice:
	}
}

func (d *Dialogue) expects() Until { return d.job.steps[d.job.at].Until }

// begin starts what waits, commands before polls.
func (d *Dialogue) begin(at time.Time) {
	if !d.open {
		return
	}
	for d.job == nil && len(d.waiting) > 0 {
		c := d.waiting[0]
		d.waiting = d.waiting[1:]
		steps, err := d.protocol.Command(c, d.profile)
		if err != nil {
			d.finish(c, err, at)
			continue
		}
		d.start(&job{command: c, steps: steps}, at)
	}
	if d.job == nil && len(d.poll) > 0 && !at.Before(d.next) {
		d.start(&job{steps: d.poll}, at)
	}
}

func (d *Dialogue) start(j *job, at time.Time) {
	j.tries++
	j.at = 0
	d.job = j
	d.send(at)
}

func (d *Dialogue) send(at time.Time) {
	step := d.job.steps[d.job.at]
	d.job.until = at.Add(step.Wait)
	flush := d.job.at == 0 && d.job.command == "" && !d.job.why
	if flush {
		d.decoder.Reset()
	}
	d.out = append(d.out, Request{Bytes: step.Send, Flush: flush})
	if step.Until == Nothing && step.Wait == 0 {
		d.advance(at)
	}
}

// advance goes to the next step, or ends the job well.
func (d *Dialogue) advance(at time.Time) {
	if d.job.at < len(d.job.steps)-1 {
		d.job.at++
		d.send(at)
		return
	}
	if d.job.command != "" {
		d.finish(d.job.command, nil, at)
	}
	d.end(at)
}

// expire gives up the step that got no answer.
func (d *Dialogue) expire(at time.Time) {
	if d.expects() == Nothing {
		d.advance(at)
		return
	}
	d.retry(ErrTimeout, at)
}

// retry begins a command again; a poll simply comes again at its time.
func (d *Dialogue) retry(err error, at time.Time) {
	j := d.job
	switch {
	case j.command == "":
	case j.tries < maxTries:
		d.start(j, at)
		return
	default:
		d.finish(j.command, err, at)
	}
	d.end(at)
}

func (d *Dialogue) end(at time.Time) {
	d.job = nil
	d.next = at.Add(d.options.Every)
}

func (d *Dialogue) finish(c Command, err error, at time.Time) {
	d.events = append(d.events, Done{Command: c, Err: err, At: at})
}

func (d *Dialogue) understood(at time.Time) {
	d.good = at
	d.become(Answering, at)
}

// commanding reports whether a command is under way: a scale that waits for the pan to settle, to take its zero, is silent
// and well.
func (d *Dialogue) commanding() bool { return d.job != nil && d.job.command != "" }

// judge notices that nothing understandable has come for too long.
func (d *Dialogue) judge(at time.Time) {
	switch {
	case d.commanding():
	case at.Sub(d.good) < d.options.Stale:
	case d.heard.After(d.good) && at.Sub(d.heard) < d.options.Stale:
		d.become(Garbled, at)
	default:
		d.become(Silent, at)
	}
}

func (d *Dialogue) become(c Condition, at time.Time) {
	if d.condition != c {
		d.condition = c
		d.events = append(d.events, Health{Condition: c, At: at})
	}
}

func (d *Dialogue) take() []Event {
	e := d.events
	d.events = nil
	return e
}
