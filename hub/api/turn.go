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

// Turns is for one reader of levels. It knows on what terms each warehouse
// promised when the reader was told, and so of which levels something else is
// sellable since, though nothing happened to the goods: the warehouse fell silent,
// or a day ended. It is not safe for concurrent use.
type Turns struct {
	view    *view
	scope   inventory.Scope
	channel string
	told    roll
}

// Turns begins for a reader, where what Terms gave another one says how it was
// told; a reader that begins has none.
func (s *Server) Turns(terms string, of inventory.Scope) *Turns {
	t := &Turns{view: s.view, scope: of}
	if told, ok := readRoll(terms); ok {
		t.told = told
	}
	return t
}

// Turned gives a channel that is closed once Turn may have something to tell that
// it has not now.
func (t *Turns) Turned() <-chan struct{} { return t.view.pulse.next() }

// Turn goes over to how the warehouses stand now, and calls again for every level
// of which that changes what is sellable, with what a GET of it gives.
func (t *Turns) Turn(again func(l *inventory.Level, data []byte) error) error {
	return t.turn(func(*inventory.WarehouseState, beat) error { return nil }, func(m *moment, l *inventory.Level) error {
		data, err := newMarshaler().Marshal(m.availability(l, forestockv1.View_FULL))
		if err != nil {
			return err
		}
		return again(l, data)
	})
}

// turn also calls stands for every warehouse that is not as it was told.
func (t *Turns) turn(stands func(*inventory.WarehouseState, beat) error, again func(*moment, *inventory.Level) error) error {
	now := time.Now()
	for _, s := range t.view.stock.Warehouses() {
		if len(t.scope.Warehouses) > 0 && !slices.Contains(t.scope.Warehouses, s.Warehouse) {
			continue
		}
		b := t.view.pulse.beat(&s, now)
		before, known := t.told.of(s.Warehouse)
		if known && b.settling { // nothing is taken back for a hub that has only begun to listen
			b.terms = before.terms
		}
		if before == b {
			continue
		}
		if before.freshness != b.freshness || before.terms.Closed != b.terms.Closed {
			if err := stands(&s, b); err != nil {
				return err
			}
		}
		if known && before.terms != b.terms {
			if err := t.tellAgain(s, before, b, again); err != nil {
				return err
			}
		}
		t.told.set(s.Warehouse, b)
	}
	t.told.complete()
	return nil
}

// tellAgain calls again for the levels of a warehouse of which something else is
// sellable than before. Until it is through, Terms says that they were not told.
func (t *Turns) tellAgain(s inventory.WarehouseState, before, now beat, again func(*moment, *inventory.Level) error) error {
	const atOnce = 512
	m := t.view.moment(s, t.channel, time.Now())
	m.promisesOn(now)
	old := before.terms
	old.Channel = t.channel
	for after := stock.SKU(""); ; {
		levels := t.view.stock.Levels(s.Warehouse, after, atOnce)
		for i := range levels {
			l := &levels[i]
			after = l.SKU
			if len(t.scope.SKUs) > 0 && !slices.Contains(t.scope.SKUs, l.SKU) || l.Offer(old) == l.Offer(m.terms) {
				continue
			}
			if err := again(m, l); err != nil {
				return err
			}
		}
		if len(levels) < atOnce {
			return nil
		}
	}
}

// moment gives a warehouse as it was told to stand.
func (t *Turns) moment(s inventory.WarehouseState) *moment {
	now := time.Now()
	b, known := t.told.of(s.Warehouse)
	if !known { // it is new here
		b = t.view.pulse.beat(&s, now)
		t.told.set(s.Warehouse, b)
	}
	m := t.view.moment(s, t.channel, now)
	m.promisesOn(b)
	return m
}

// LevelJSON gives a SKU as a GET of it would, of a warehouse that stands as it was
// told. What is not known any more has nothing.
func (t *Turns) LevelJSON(w stock.Warehouse, sku stock.SKU) ([]byte, error) {
	s, err := t.view.warehouse("warehouse", w)
	if err != nil {
		return nil, err
	}
	m := t.moment(s)
	l, _ := m.level(sku)
	return newMarshaler().Marshal(m.availability(&l, forestockv1.View_FULL))
}

// Terms is what has to be known of this reader to go on with another one.
func (t *Turns) Terms() string { return t.told.text() }

// promisesOn makes the moment one of a warehouse that stands so.
func (m *moment) promisesOn(b beat) {
	channel := m.terms.Channel
	m.terms, m.sign.Freshness = b.terms, b.freshness
	m.terms.Channel = channel
}

// roll is how each warehouse stood when a reader was told of it.
type roll struct {
	beats map[stock.Warehouse]beat
	// before is the day of the text that was read, until every warehouse was told;
	// those that the text does not name promised as usual.
	before  stock.Date
	most    int    // warehouses that text names; 0 is all
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

// How a text marks a warehouse that does not promise as usual.
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
	day, unusual := r.before, []string(nil)
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
		if mark != string(w) {
			unusual = append(unusual, mark)
		}
	}
	if r.most > 0 && len(unusual) > r.most {
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
