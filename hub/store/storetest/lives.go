package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// lives are what can become of a reservation of two of five units when commands
// come twice, late, or in the wrong order. Each deed is followed by the answer: a
// state, or the reason of a denial. The last line is what is held, committed and
// sellable then.
var lives = []struct {
	name  string
	deeds string
	after [3]int64
}{
	{"the whole way", "try:tried confirm:confirmed pick: look:fulfilled", [3]int64{0, 0, 3}},
	{"a cancel before its try", "cancel:cancelled try:cancelled", [3]int64{0, 0, 5}},
	{"a cancel before its try, and a confirm", "cancel:cancelled try:cancelled confirm:RESERVATION_CANCELLED", [3]int64{0, 0, 5}},
	{"a try that comes late again", "try:tried cancel:cancelled try:cancelled", [3]int64{0, 0, 5}},
	{"everything twice", "try:tried try:tried confirm:confirmed confirm:confirmed cancel:cancelled cancel:cancelled", [3]int64{0, 0, 5}},
	{"a double confirm", "try:tried confirm:confirmed confirm:confirmed", [3]int64{0, 2, 3}},
	{"a try after its confirm", "try:tried confirm:confirmed try:confirmed", [3]int64{0, 2, 3}},
	{"a confirm of nothing", "confirm:NOT_FOUND try:tried", [3]int64{2, 0, 3}},
	{"a confirm after the hold ran out", "brief:tried expire: look:expired confirm:confirmed", [3]int64{0, 2, 3}},
	{"a confirm after somebody else took it", "brief:tried expire: all:tried confirm:RESERVATION_EXPIRED", [3]int64{5, 0, 0}},
	{"a cancel after the hold ran out", "brief:tried expire: cancel:cancelled confirm:RESERVATION_CANCELLED", [3]int64{0, 0, 5}},
	{"a try after the hold ran out", "brief:tried expire: brief:expired", [3]int64{0, 0, 5}},
	{"another payload under its id", "try:tried other:IDEMPOTENCY_MISMATCH", [3]int64{2, 0, 3}},
	{"a cancel while it is picked", "try:tried confirm:confirmed part: cancel:ALREADY_PICKED", [3]int64{0, 1, 3}},
	{"a pick after the cancel", "try:tried confirm:confirmed cancel:cancelled part: look:cancelled", [3]int64{0, 0, 4}},
}

// checkLives: whatever comes twice, late or in the wrong order is answered as
// the table says, also when the store is closed and opened again before any of
// the deeds.
func checkLives(tb testing.TB, open Open) {
	tb.Helper()
	for _, life := range lives {
		deeds := strings.Fields(life.deeds)
		for restart := range len(deeds) + 1 { // before this deed; the last stands for never
			s, b := newShop(tb, open), NewBox("wh-0", 1)
			milk(tb, b, 5)
			s.settle(b)
			for i, deed := range deeds {
				if i == restart {
					s.restart()
				}
				what, want, _ := strings.Cut(deed, ":")
				if got := s.deed(b, what); got != want {
					tb.Errorf("%s, restarted before deed %d: %s is answered %q, want %q", life.name, restart, what, got, want)
				}
			}
			l, _ := s.Level("wh-0", "milk")
			if got := [3]int64{l.Held, l.Committed, l.Offer(inventory.Terms{}).Quantity}; got != life.after {
				tb.Errorf("%s, restarted before deed %d: held, committed and sellable are %v, want %v", life.name, restart, got, life.after)
			}
			must(tb, s.Close())
		}
	}
}

// deed does one thing about the reservation, and gives what was answered.
func (s *shop) deed(b *Box, what string) string {
	s.Helper()
	ask := func(id stock.OrderID, n int64, ttl time.Duration) inventory.Command {
		c, err := inventory.NewTry(id, inventory.Ask{TTL: ttl, Lines: []inventory.AskLine{{SKU: "milk", Quantity: n}}}, []inventory.Candidate{{Warehouse: "wh-0"}})
		must(s.TB, err)
		return c
	}
	var c inventory.Command
	switch what {
	case "pick", "part":
		n := map[string]int64{"pick": 2, "part": 1}[what]
		b.Move(s.TB, stock.Movement{Kind: stock.Pick, SKU: "milk", Lot: "A1", Document: "o-1", Line: "1", Delta: -n})
		s.settle(b)
		return ""
	case "expire":
		s.expired("o-1")
		return ""
	case "try":
		c = ask("o-1", 2, time.Hour)
	case "brief":
		c = ask("o-1", 2, 30*time.Millisecond)
	case "other":
		c = ask("o-1", 3, time.Hour)
	case "all":
		c = ask("o-2", 5, time.Hour)
	case "confirm":
		c = inventory.Confirm{ID: "o-1"}
	case "cancel":
		c = inventory.Cancel{ID: "o-1"}
	default:
		c = inventory.Look{ID: "o-1"}
	}
	results, err := s.Apply(s.Context(), c)
	must(s.TB, err)
	switch r := results[0].(type) {
	case inventory.Reserved:
		return r.Reservation.State.String()
	case *inventory.Denied:
		return string(r.Reason)
	}
	return fmt.Sprintf("%T", results[0])
}

// expired waits until the store has ended a hold by itself.
func (s *shop) expired(id stock.OrderID) {
	s.Helper()
	feed, err := s.Events(inventory.Token{})
	must(s.TB, err)
	for {
		u, err := feed(s.Context())
		must(s.TB, err)
		if u.Event.Type == inventory.EventExpired && u.Event.Reservation.ID == id {
			return
		}
	}
}
