package floor

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Board is what a warehouse shows on its wall: what waits, and what is wrong.
type Board struct {
	Waiting int        `json:"waiting"` // orders that nobody picks
	Picking int        `json:"picking"` // orders that somebody picks
	Late    int        `json:"late"`    // of both: their promise has passed
	Oldest  *time.Time `json:"oldest"`  // when the oldest of the waiting was confirmed; null for none
	Orders  []OnBoard  `json:"orders"`  // the first due first; at most boardRows
	Shorts  int        `json:"shorts"`  // places where goods were missing, to be counted
	Counts  []Missing  `json:"counts"`  // them, the oldest first; at most boardRows
	Near    int        `json:"near"`    // lots in bins that are close to their end
	Expired int        `json:"expired"` // lots that are past it
	Ending  []Shelf    `json:"ending"`  // both, the first expiring first; at most boardRows
	Staff   []AtWork   `json:"staff"`   // by station
}

// OnBoard is an order on the wall.
type OnBoard struct {
	ID        stock.OrderID `json:"id"`
	Ref       string        `json:"ref"`
	Confirmed time.Time     `json:"confirmed"`
	Due       *time.Time    `json:"due"` // null where nothing was promised
	Lines     int           `json:"lines"`
	Done      int           `json:"done"`
	Station   string        `json:"station"` // that picks it; empty for none
	Person    string        `json:"person"`
}

// Missing is a place where goods were missing.
type Missing struct {
	Name  Text      `json:"name"`
	Bin   Text      `json:"bin"`
	Since time.Time `json:"since"`
}

// AtWork is a station and who works there.
type AtWork struct {
	Station  string `json:"station"`
	Person   string `json:"person"` // empty for nobody
	ModeName Text   `json:"mode_name"`
	Working  bool   `json:"working"`
	order    stock.OrderID
}

// boardRows is how much of each kind is told one by one.
const boardRows = 12

// Board gives what the wall shows now.
func (h *Hall) Board(book Records, rules Rules, now time.Time) Board {
	b := Board{Orders: []OnBoard{}, Counts: []Missing{}, Ending: []Shelf{}, Staff: h.staff(&rules)}
	b.orders(book, now)
	b.shorts(book)
	b.ending(book, rules, now)
	return b
}

func (b *Board) orders(book Records, now time.Time) {
	for _, o := range book.Orders() {
		row := OnBoard{ID: o.ID, Ref: cmp.Or(o.Ref, string(o.ID)), Confirmed: o.Confirmed, Lines: len(o.Lines)}
		if !o.Due.IsZero() {
			row.Due = &o.Due
		}
		if who := slices.IndexFunc(b.Staff, func(s AtWork) bool { return s.order == o.ID }); who >= 0 {
			row.Station, row.Person = b.Staff[who].Station, b.Staff[who].Person
		}
		p := book.Picked(o.ID)
		for i := range o.Lines {
			if p.Done(&o.Lines[i]) {
				row.Done++
			}
		}
		if row.Station != "" {
			b.Picking++
		} else {
			b.Waiting++
			if b.Oldest == nil || o.Confirmed.Before(*b.Oldest) {
				b.Oldest = &o.Confirmed
			}
		}
		if row.Due != nil && row.Due.Before(now) {
			b.Late++
		}
		if len(b.Orders) < boardRows {
			b.Orders = append(b.Orders, row)
		}
	}
}

func (b *Board) shorts(book Records) {
	all := slices.SortedFunc(slices.Values(book.Recounts()), func(x, y stock.Recount) int { return x.Since.Compare(y.Since) })
	b.Shorts = len(all)
	for _, r := range all[:min(len(all), boardRows)] {
		it, _ := book.Item(r.SKU)
		b.Counts = append(b.Counts, Missing{nameOf(it), placeName(r.Bin), r.Since})
	}
}

// ending finds the lots that are to be sold soon or thrown away.
func (b *Board) ending(book Records, rules Rules, now time.Time) {
	t := &turn{rules: rules, now: now}
	var all []Shelf
	for it := range book.Items() {
		for _, c := range book.Levels(it.SKU) {
			if c.Expiry == 0 || c.OnHand <= 0 {
				continue
			}
			s := t.shelf(it, c)
			switch s.Tone { //nolint:exhaustive // the others are far from their end
			case ToneBad:
				b.Expired++
			case ToneLook:
				b.Near++
			default:
				continue
			}
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(x, y Shelf) int {
		return cmp.Or(strings.Compare(x.Expiry, y.Expiry), strings.Compare(x.Bin.Zh, y.Bin.Zh))
	})
	b.Ending = append(b.Ending, all[:min(len(all), boardRows)]...)
}

// staff gives who works where.
func (h *Hall) staff(rules *Rules) []AtWork {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := []AtWork{}
	for station, p := range h.desks {
		out = append(out, AtWork{Station: station, Person: rules.name(p.operator), ModeName: modeTexts[p.mode], Working: p.working, order: p.order})
	}
	slices.SortFunc(out, func(x, y AtWork) int { return strings.Compare(x.Station, y.Station) })
	return out
}
