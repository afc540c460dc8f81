package api

import (
	"crypto/sha256"
	"errors"
	"fmt"
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
	return relay(stream.Context(), a.pace, feed, w)
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
	return w.idle()
}

// tellLevel sends the level as it is by now, not as it was when the feed told of
// it: the one that goes with the as-of time.
func (w *watch) tellLevel(id stock.Warehouse, sku stock.SKU) error {
	s, err := w.view.warehouse("warehouses", id)
	if err != nil {
		return err
	}
	if _, known := w.turns.told.of(id); !known { // it is new here
		if _, err := w.turn(); err != nil {
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

// idle says that nothing older is outstanding, once that is so.
func (w *watch) idle() error {
	if !w.caughtUp {
		return nil
	}
	return w.stream.Send(&forestockv1.WatchAvailabilityResponse{ResumeToken: w.token(), Bookmark: true})
}

// turn sends every warehouse that does not stand as it was told last, and
// the numbers that this changes. It gives a channel that is closed once there
// may be more.
func (w *watch) turn() (<-chan struct{}, error) {
	turned := w.turns.Turned() // before looking, or a change in between is missed
	err := w.turns.turn(func(s *inventory.WarehouseState, b beat) error {
		m := w.view.warehouseMessage(s, time.Now())
		m.Freshness, m.Closed = b.freshness, b.terms.Closed
		return w.stream.Send(&forestockv1.WatchAvailabilityResponse{Warehouse: m, ResumeToken: w.token()})
	}, w.tell)
	return turned, err
}
