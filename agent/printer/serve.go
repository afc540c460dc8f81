package printer

import (
	"context"
	"time"

	"github.com/forestock/forestock/firmware-bridge/port"
)

// talk is the conversation with the printer. Run's goroutine has it alone.
type talk struct {
	status port.Status
	unread []byte
	last   report    // since the line was opened; no word before the first answer
	heard  time.Time // when the last answer came, or the line was opened
	asked  time.Time
	open   bool // a question is not answered yet: there is never more than one

	job  *Job      // at hand
	data []byte    // it, in the printer's language
	sent time.Time // when it was sent whole; zero for not on this line
}

// serve talks with the printer until ctx ends.
func (p *Printer) serve(ctx context.Context) error {
	var t talk
	wake := time.NewTimer(askEvery)
	defer wake.Stop()
	for {
		queue := p.queue
		if t.job != nil {
			queue = nil // one after the other
		}
		select {
		case e, ok := <-p.line.Events():
			if !ok {
				p.leave(ctx)
				return nil
			}
			p.hear(&t, e)
		case j := <-queue:
			p.draw(ctx, &t, j)
		case <-wake.C:
		}
		p.act(ctx, &t)
		wake.Reset(p.pause(&t))
	}
}

// leave says what is not printed when the agent stops.
func (p *Printer) leave(ctx context.Context) {
	if n := p.waiting.Load(); n > 0 {
		p.log.WarnContext(ctx, "labels were not printed: print them again from the station", "labels", n)
	}
}

// hear takes what came from the line.
func (p *Printer) hear(t *talk, e port.Event) {
	if e.Status != nil {
		if e.Status.Opened != t.status.Opened || !e.Status.State.Open() {
			// What the printer had in its memory may be gone with its power.
			t.unread, t.last, t.sent, t.asked, t.open, t.heard = nil, report{}, time.Time{}, time.Time{}, false, time.Now()
		}
		t.status = *e.Status
		return
	}
	if !t.open {
		return // nothing was asked
	}
	t.unread = append(t.unread, e.Bytes...)
	r, ok := p.language.answer(t.unread)
	if !ok && len(t.unread) <= mostUnread {
		return
	}
	if !ok {
		r = report{word: Garbled}
	}
	t.unread, t.last, t.heard, t.open = nil, r, e.At, false
}

// draw makes a job ready to be sent.
func (p *Printer) draw(ctx context.Context, t *talk, j Job) {
	picture, dpi, err := j.Draw()
	if err != nil {
		p.log.ErrorContext(ctx, "a label cannot be printed", "label", j.Name, "err", err)
		p.waiting.Add(-1)
		p.refused(err)
		return
	}
	t.job, t.data, t.sent = &j, p.language.label(picture, dpi, j.Copies), time.Time{}
}

// act does what is due: it counts a label that is printed, sends the next one,
// and asks how the printer is.
func (p *Printer) act(ctx context.Context, t *talk) {
	if !t.status.State.Open() {
		if t.status.State != "" {
			p.become(Word(t.status.State), t.status)
		}
		return
	}
	if t.job != nil && t.sent.IsZero() && p.willing(t) {
		p.send(ctx, t)
	}
	if t.job != nil && !t.sent.IsZero() && p.done(t) {
		t.job, t.data, t.sent = nil, nil, time.Time{}
		p.printed()
	}
	if due := p.pause(t); !p.OneWay && (!t.open && time.Since(t.asked) >= due || time.Since(t.asked) >= lostAfter) {
		p.question(ctx, t)
	}
	p.become(p.word(t), t.status)
}

// question asks how the printer is.
func (p *Printer) question(ctx context.Context, t *talk) {
	quick, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	t.asked, t.open, t.unread = time.Now(), true, nil
	if err := p.line.Write(quick, p.language.ask()); err != nil {
		p.log.DebugContext(ctx, "cannot ask the printer", "err", err)
	}
}

// willing reports whether a label may be sent: the printer said so on this line,
// and no answer is on its way that does not know of the label yet.
func (p *Printer) willing(t *talk) bool { return p.OneWay || t.last.word == Ready && !t.open }

// done reports whether the label that was sent is printed: the printer was asked
// after it, and had nothing left.
func (p *Printer) done(t *talk) bool {
	return p.OneWay || !t.open && t.asked.After(t.sent) && t.last.idle && t.last.word == Ready
}

func (p *Printer) send(ctx context.Context, t *talk) {
	if err := p.line.Write(ctx, t.data); err != nil {
		p.log.WarnContext(ctx, "a label was not sent whole and will be sent again", "label", t.job.Name, "err", err)
		return
	}
	t.sent = time.Now()
	t.asked = time.Time{} // ask at once
}

// word gives the state of a printer whose line is open.
func (p *Printer) word(t *talk) Word {
	switch {
	case p.OneWay:
		return Ready
	case time.Since(t.heard) > silentAfter:
		return Silent
	case t.last.word == "":
		return Waiting
	case t.last.word == Ready && t.job != nil:
		return Printing
	}
	return t.last.word
}

// pause gives how long to wait until the printer is asked again.
func (p *Printer) pause(t *talk) time.Duration {
	if t.job != nil {
		return askOften
	}
	return askEvery
}
