package uplink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/forestock/forestock/proto/mqtt"
)

// A connection that lived shorter than this was hardly one.
const shortLived = 10 * time.Second

// alarmAfter is how many of them in a row need a person: mostly two boxes use
// one client id, and every broker then throws out the older of the two.
const alarmAfter = 3

// lineNews tells the loop about the connection: session is set when it opened,
// the other fields say how an attempt goes or how it ended.
type lineNews struct {
	session *session
	broker  string
	trying  bool
	err     error
	alarm   string
}

// tries decides which broker comes next, and after how long.
type tries struct {
	pause   backoff
	address int // of the broker to try, counted on and on
	short   int // connections in a row that were hardly any
}

// after takes note of how a connection went. The alarm is empty mostly.
func (t *tries) after(end ending, lived time.Duration) (alarm string) {
	t.pause.failures++
	switch {
	case !end.opened:
		t.address++
	case lived < shortLived:
		if t.short++; t.short >= alarmAfter {
			return fmt.Sprintf("%d connections in a row were cut within %s: is there a second box with this warehouse's identity?", t.short, shortLived)
		}
	default:
		t.short, t.pause.failures = 0, 1
		if errors.Is(end.err, errDeaf) {
			t.address++
		}
	}
	return ""
}

// supervise keeps a connection open: one client of the MQTT library for each,
// and full jitter between them.
func (l *Link) supervise(ctx context.Context) error {
	var t tries
	for sleep(ctx, t.pause.delay(l.cfg.Random())) {
		broker := l.cfg.Brokers[t.address%len(l.cfg.Brokers)]
		began := time.Now()
		end := l.serve(ctx, broker)
		alarm := t.after(end, time.Since(began))
		l.tell(ctx, lineNews{broker: broker, err: end.err, alarm: alarm})
	}
	return nil
}

// ending is how a connection went: whether it opened, and why it is over.
type ending struct {
	opened bool
	err    error
}

// serve opens one connection and keeps it until it is lost.
func (l *Link) serve(ctx context.Context, broker string) ending {
	u, err := mqtt.ParseBroker(broker)
	if err != nil {
		return ending{err: err}
	}
	if !l.tell(ctx, lineNews{broker: broker, trying: true}) {
		return ending{}
	}
	s := newSession(ctx, &l.cfg, l.cfg.Box.boot, u, func() { l.metrics.dropped.WithLabelValues("inbox").Inc() })
	if err := s.connect(ctx); err != nil {
		l.metrics.connections.WithLabelValues("failed").Inc()
		return ending{err: fmt.Errorf("connect to %s: %w", broker, err)}
	}
	l.metrics.connections.WithLabelValues("opened").Inc()
	if !l.tell(ctx, lineNews{broker: broker, session: s}) {
		s.leave()
		return ending{opened: true}
	}
	if err := s.serve(ctx); err != nil {
		return ending{true, fmt.Errorf("connection to %s lost: %w", broker, err)}
	}
	return ending{opened: true}
}

// tell gives the loop news of the line.
func (l *Link) tell(ctx context.Context, n lineNews) bool {
	select {
	case l.lines <- n:
		return true
	case <-ctx.Done():
		return false
	}
}

// lineChanged takes the news, in the loop's goroutine.
func (l *Link) lineChanged(n lineNews) {
	l.shown.Broker = n.broker
	switch {
	case n.session != nil:
		l.session, l.since, l.shown.State = n.session, l.now(), Hello
		l.shown.Error, l.shown.Hint = "", ""
		l.machine.opened(l.now())
	case n.trying:
		l.shown.State = Connecting
	default:
		l.session, l.shown.State = nil, Offline
		l.machine.closed()
		l.shown.Error, l.shown.Hint = "", ""
		if n.err != nil {
			l.shown.Error, l.shown.Hint = n.err.Error(), "the warehouse goes on working; everything is sent when the hub can be reached again"
		}
		if n.alarm != l.shown.Alarm && n.alarm != "" {
			l.log.Error("the connection does not last", "broker", n.broker, "alarm", n.alarm)
		}
		l.shown.Alarm = n.alarm
	}
}

// sleep waits; false means that ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
