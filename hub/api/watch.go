package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// watchStream is where a watch goes.
type watchStream = grpc.ServerStreamingServer[forestockv1.WatchAvailabilityResponse]

// watch is one watch on its way.
type watch struct {
	*availability
	stream   watchStream
	turns    Turns
	detail   forestockv1.View
	question string          // what its resume tokens are bound to
	at       inventory.Token // how far the feed came
	caughtUp bool            // every number as it was at the beginning is through
}

// WatchAvailability streams the numbers of a scope, and then every change. The
// store keeps no queue for a watch: a reader that is slow gets the newest number
// of each SKU once it is ready, however often it changed meanwhile.
func (a *availability) WatchAvailability(req *forestockv1.WatchAvailabilityRequest, stream watchStream) error {
	scope, err := a.view.scope(req)
	if err != nil {
		return err
	}
	channel, err := parseChannel(req.GetChannel())
	if err != nil {
		return err
	}
	w := &watch{
		availability: a, stream: stream, turns: Turns{view: a.view, scope: scope, channel: channel}, detail: req.GetView(),
		question: scopeQuestion(scope, channel),
	}
	if err := w.resume(req.GetResumeToken()); err != nil {
		return err
	}
	feed, err := a.view.stock.Watch(w.at, scope)
	if errors.Is(err, inventory.ErrTokenTooOld) {
		return refuse(codes.FailedPrecondition, ResumeTokenUnknown, "the hub's store began a new life since this resume_token; watch again without one").in("resume_token")
	}
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	return w.run(feed)
}

// scope reads what a watch is about.
func (v *view) scope(req *forestockv1.WatchAvailabilityRequest) (out inventory.Scope, err error) {
	if n := len(req.GetSkus()); n > maxBatch {
		return out, invalid(TooMany, "skus", "%d skus are more than %d; watch all of them, or split them over several watches", n, maxBatch)
	}
	for i, id := range req.GetWarehouses() {
		field := fmt.Sprintf("warehouses[%d]", i)
		w, err := stock.ParseWarehouse(strings.TrimPrefix(id, "warehouses/"))
		if err != nil {
			return out, invalid(InvalidName, field, "%v", err)
		}
		if _, err := v.warehouse(field, w); err != nil {
			return out, err
		}
		out.Warehouses = append(out.Warehouses, w)
	}
	for i, id := range req.GetSkus() {
		sku, err := stock.ParseSKU(id)
		if err != nil {
			return out, invalid(InvalidName, fmt.Sprintf("skus[%d]", i), "%v", err)
		}
		out.SKUs = append(out.SKUs, sku)
	}
	return out, nil
}

// scopeQuestion sums up a scope: a token of one scope would skip numbers in
// another one.
func scopeQuestion(s inventory.Scope, channel string) string {
	h := sha256.New()
	for _, w := range slices.Compact(slices.Sorted(slices.Values(s.Warehouses))) {
		h.Write([]byte("w" + w + "\n"))
	}
	for _, sku := range slices.Compact(slices.Sorted(slices.Values(s.SKUs))) {
		h.Write([]byte("s" + sku + "\n"))
	}
	if channel != "" {
		h.Write([]byte("c" + channel + "\n"))
	}
	return string(h.Sum(nil))
}

// resume begins where a token says; with everything, where it does not say how
// the warehouses stood.
func (w *watch) resume(token string) error {
	w.turns.told.most = maxUnusual
	if token == "" {
		return nil
	}
	if text, ok := placeOf(resume, w.question, token); ok {
		at, terms, _ := strings.Cut(text, " ")
		since, err := inventory.ParseToken(at)
		if err == nil {
			if told, ok := readRoll(terms); ok {
				told.most = maxUnusual
				w.at, w.turns.told = since, told
			}
			return nil
		}
	}
	return invalid(InvalidResumeToken, "resume_token",
		"this resume_token belongs to no watch like this one; hand it back as it came, with the same warehouses, skus and channel, or leave it out to begin again")
}

// maxUnusual bounds the warehouses that a token names, which is bounded itself.
const maxUnusual = 8

// token is what a watch that goes on after this one is handed.
func (w *watch) token() string {
	if w.at == (inventory.Token{}) {
		return ""
	}
	return placeToken(resume, w.question, w.at.String()+" "+w.turns.Terms())
}

// run takes the feed into the stream until one side ends. Between them is room
// for nothing, so that what waits for a slow reader is one number.
func (w *watch) run(feed inventory.Feed) error {
	ctx, cancel := context.WithCancel(w.stream.Context())
	defer cancel()
	updates, ended := make(chan inventory.Update), make(chan error, 1)
	go func() { ended <- pump(ctx, feed, updates) }()
	err := w.forward(ctx, updates, ended)
	cancel()
	for range updates { // pump closes it, and is over then
	}
	return err
}

// pump hands over what the feed gives until one of the two ends. The gate
// catches what panics in the call's own goroutine; this one is ours to catch.
func pump[U any](ctx context.Context, feed func(context.Context) (U, error), updates chan<- U) (err error) {
	defer close(updates)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("watch: the feed panicked: %v\n%s", p, debug.Stack())
		}
	}()
	for {
		u, err := feed(ctx)
		if err != nil {
			return err
		}
		select {
		case updates <- u:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *watch) forward(ctx context.Context, updates <-chan inventory.Update, ended <-chan error) error {
	idle := time.NewTimer(w.bookmark)
	defer idle.Stop()
	changed, err := w.tellTurns()
	for err == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.closing:
			return refuse(codes.Unavailable, ShuttingDown, "the hub shuts down; watch again with the last resume_token").after(time.Second)
		case <-changed:
			changed, err = w.tellTurns()
		case u, ok := <-updates:
			if !ok {
				return <-ended
			}
			err = w.take(&u)
		case <-idle.C:
			err = w.tellCaughtUp()
		}
		idle.Reset(w.bookmark)
	}
	return err
}

// take sends one update of the feed on. Of its bookmarks only the first one
// says something new; the others are said when the stream is idle.
func (w *watch) take(u *inventory.Update) error {
	w.at = u.Token
	if !u.Bookmark {
		return w.tellLevel(u.Level.Warehouse, u.Level.SKU)
	}
	if w.caughtUp {
		return nil
	}
	w.caughtUp = true
	return w.tellCaughtUp()
}

// tellLevel sends the level as it is by now, not as it was when the feed told of
// it: the one that goes with the as-of time.
func (w *watch) tellLevel(id stock.Warehouse, sku stock.SKU) error {
	s, err := w.view.warehouse("warehouses", id)
	if err != nil {
		return err
	}
	if _, known := w.turns.told.of(id); !known { // it is new here
		if _, err := w.tellTurns(); err != nil {
			return err
		}
	}
	m := w.turns.moment(s)
	l, _ := m.level(sku)
	return w.tell(m, &l)
}

func (w *watch) tell(m *moment, l *inventory.Level) error {
	w.sent.Inc()
	return w.stream.Send(&forestockv1.WatchAvailabilityResponse{Availability: m.availability(l, w.detail), ResumeToken: w.token()})
}

// tellCaughtUp says that nothing older is outstanding, once that is so.
func (w *watch) tellCaughtUp() error {
	if !w.caughtUp {
		return nil
	}
	return w.stream.Send(&forestockv1.WatchAvailabilityResponse{ResumeToken: w.token(), Bookmark: true})
}

// tellTurns sends every warehouse that does not stand as it was told last, and
// the numbers that this changes. It gives a channel that is closed once there
// may be more.
func (w *watch) tellTurns() (<-chan struct{}, error) {
	turned := w.turns.Turned() // before looking, or a change in between is missed
	err := w.turns.turn(func(s *inventory.WarehouseState, b beat) error {
		m := w.view.warehouseMessage(s, time.Now())
		m.Freshness, m.Closed = b.freshness, b.terms.Closed
		return w.stream.Send(&forestockv1.WatchAvailabilityResponse{Warehouse: m, ResumeToken: w.token()})
	}, w.tell)
	return turned, err
}
