package api

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// tellTurns sends every warehouse that does not stand as it was told last, and
// the numbers that this changes. It gives a channel that is closed once another
// one may differ.
func (w *watch) tellTurns() (<-chan struct{}, error) {
	changed := w.view.pulse.next() // before looking, or a change in between is missed
	now := time.Now()
	for _, s := range w.view.stock.Warehouses() {
		if len(w.scope.Warehouses) > 0 && !slices.Contains(w.scope.Warehouses, s.Warehouse) {
			continue
		}
		b := w.view.pulse.beat(&s, now)
		before, known := w.told.of(s.Warehouse)
		if before == b {
			continue
		}
		if before.freshness != b.freshness || before.terms.Closed != b.terms.Closed {
			m := w.view.warehouseMessage(&s, now)
			m.Freshness, m.Closed = b.freshness, b.terms.Closed
			if err := w.stream.Send(&forestockv1.WatchAvailabilityResponse{Warehouse: m, ResumeToken: w.token()}); err != nil {
				return nil, err
			}
		}
		if known && before.terms != b.terms {
			if err := w.tellAgain(s, before, b); err != nil {
				return nil, err
			}
		}
		w.told.set(s.Warehouse, b)
	}
	w.told.complete()
	return changed, nil
}

// tellAgain sends the numbers of a warehouse of which something else is sellable
// than before, though nothing happened to the goods: it closed, or a day ended.
// Until it is through, the tokens say that it was not told.
func (w *watch) tellAgain(s inventory.WarehouseState, before, now beat) error {
	const atOnce = 512
	m := w.view.moment(s, w.channel, time.Now())
	m.promisesOn(now)
	old := before.terms
	old.Channel = w.channel
	for after := stock.SKU(""); ; {
		levels := w.view.stock.Levels(s.Warehouse, after, atOnce)
		for i := range levels {
			l := &levels[i]
			after = l.SKU
			if len(w.scope.SKUs) > 0 && !slices.Contains(w.scope.SKUs, l.SKU) || l.Offer(old) == l.Offer(m.terms) {
				continue
			}
			if err := w.tell(m, l); err != nil {
				return err
			}
		}
		if len(levels) < atOnce {
			return nil
		}
	}
}

// promisesOn makes the moment one of a warehouse that stands so.
func (m *moment) promisesOn(b beat) {
	channel := m.terms.Channel
	m.terms, m.sign.Freshness = b.terms, b.freshness
	m.terms.Channel = channel
}

// roll is how each warehouse stood when a watch told of it. A token carries it,
// so that a watch that goes on knows of which numbers something else is sellable.
type roll struct {
	beats map[stock.Warehouse]beat
	// before is the day of the token that the watch goes on after, until every
	// warehouse was told; those that the token does not name promised as usual.
	before  stock.Date
	written string // text; empty while it has to be written anew
}

// of gives how a warehouse was told to stand, and whether it was told at all.
func (r *roll) of(w stock.Warehouse) (beat, bool) {
	b, ok := r.beats[w]
	if !ok && r.before != 0 {
		return beat{terms: inventory.Terms{Today: r.before}}, true
	}
	return b, ok
}

func (r *roll) set(w stock.Warehouse, b beat) {
	if r.beats == nil {
		r.beats = make(map[stock.Warehouse]beat)
	}
	r.beats[w], r.written = b, ""
}

// complete notes that every warehouse was told.
func (r *roll) complete() { r.before, r.written = 0, "" }

// maxUnusual bounds the warehouses that a token names.
const maxUnusual = 8

// How a token marks a warehouse that does not promise as usual.
const (
	degradedMark = '~'
	closedMark   = '!'
	tooManyMark  = "*"
)

// text is the day, and the warehouses that do not promise as usual. Of too many
// it says just that.
func (r *roll) text() string {
	if r.written != "" {
		return r.written
	}
	day, unusual := r.before, make([]string, 0, maxUnusual)
	for w, b := range r.beats {
		if day == 0 || b.terms.Today < day {
			day = b.terms.Today
		}
		mark := string(w)
		if b.terms.Degraded {
			mark += string(degradedMark)
		}
		if b.terms.Closed {
			mark += string(closedMark)
		}
		if mark != string(w) && len(unusual) <= maxUnusual {
			unusual = append(unusual, mark)
		}
	}
	if len(unusual) > maxUnusual {
		unusual = []string{tooManyMark}
	}
	slices.Sort(unusual)
	r.written = strings.Join(append([]string{strconv.Itoa(int(day))}, unusual...), " ")
	return r.written
}

// readRoll reads what text wrote. It reports whether that says how every
// warehouse stood.
func readRoll(text string) (r roll, ok bool) {
	words := strings.Fields(text)
	if len(words) == 0 || words[len(words)-1] == tooManyMark {
		return r, false
	}
	day, err := strconv.Atoi(words[0])
	if err != nil || !stock.Date(day).Valid() {
		return r, false
	}
	r.before = stock.Date(day)
	for _, word := range words[1:] {
		id := strings.TrimRight(word, string([]rune{degradedMark, closedMark}))
		r.set(stock.Warehouse(id), beat{terms: inventory.Terms{
			Today: r.before, Degraded: strings.ContainsRune(word, degradedMark), Closed: strings.ContainsRune(word, closedMark),
		}})
	}
	return r, true
}
