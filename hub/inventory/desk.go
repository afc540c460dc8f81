package inventory

import (
	"cmp"
	"slices"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// desk is what the Book knows of reservations. Those that claim stock, or that
// a warehouse has still to be told of, are whole in memory; of the others the
// desk keeps 32 bytes without a pointer, so that millions cost the garbage
// collector nothing.
type desk struct {
	known    map[Sum]known
	records  []record // by slot; slot 0 is never used
	free     []uint32 // slots
	due      dueHeap
	reached  time.Time  // the clock of reservations, which never goes back
	today    stock.Date // of the platform, at reached
	midnight time.Time  // when today ends
	promises uint32     // how many there ever were
}

// known is all that is remembered of every reservation within the window.
type known struct {
	revision Revision
	payload  uint32 // half of the payload's hash
	at       uint32 // slot, or ended + state
}

// ended marks a known that is in no slot.
const ended = 1 << 31

func (k known) slot() (uint32, bool) { return k.at, k.at&ended == 0 }

// record is a reservation that is in memory.
type record struct {
	r    *Reservation
	ware *warehouse
	sum  Sum
	pos  int // in ware.slots
}

// hire puts a reservation into a slot.
func (d *desk) hire(w *warehouse, sum Sum) uint32 {
	if len(d.records) == 0 {
		d.records = make([]record, 1, 64)
	}
	var slot uint32
	if n := len(d.free); n > 0 {
		slot, d.free = d.free[n-1], d.free[:n-1]
	} else {
		slot = uint32(len(d.records))
		d.records = append(d.records, record{})
	}
	d.records[slot] = record{ware: w, sum: sum, pos: len(w.slots)}
	w.slots = append(w.slots, slot)
	return slot
}

// fire empties a slot. What is known of the reservation stays.
func (d *desk) fire(slot uint32) {
	rec := &d.records[slot]
	w := rec.ware
	last := w.slots[len(w.slots)-1]
	w.slots[rec.pos] = last
	d.records[last].pos = rec.pos
	w.slots = w.slots[:len(w.slots)-1]
	for i := range rec.r.Picks {
		delete(w.picked, rec.r.Picks[i].Place)
	}
	*rec = record{}
	d.free = append(d.free, slot)
}

// remember notes the newest state of a reservation.
func (d *desk) remember(sum Sum, r *Reservation, slot uint32) {
	if d.known == nil {
		d.known = make(map[Sum]known)
	}
	k := known{revision: r.Revision, payload: uint32(r.Payload), at: slot}
	if slot == 0 {
		k.at = ended | uint32(r.State)
	}
	d.known[sum] = k
}

// tick moves the clock of reservations on, and reports whether a day began.
func (d *desk) tick(now time.Time, zone *time.Location) bool {
	if now.Before(d.reached) {
		return false
	}
	d.reached = now
	if now.Before(d.midnight) {
		return false
	}
	if zone == nil {
		zone = time.UTC
	}
	local := now.In(zone)
	y, m, day := local.Date()
	d.today, d.midnight = stock.DateOf(local), time.Date(y, m, day+1, 0, 0, 0, 0, zone)
	return true
}

// due is a hold and when it ends. It may be out of date: the record decides.
type due struct {
	at   int64 // Unix milliseconds
	slot uint32
}

// dueHeap is a binary heap of holds, the one that ends first on top. Holds that
// ended otherwise stay in it until half of it is out of date.
type dueHeap struct {
	all  []due
	gone int // how many are out of date, about
}

func (h *dueHeap) push(x due) {
	h.all = append(h.all, x)
	i := len(h.all) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if h.all[parent].at <= x.at {
			break
		}
		h.all[i] = h.all[parent]
		i = parent
	}
	h.all[i] = x
}

func (h *dueHeap) pop() due {
	top := h.all[0]
	last := len(h.all) - 1
	h.all[0] = h.all[last]
	h.all = h.all[:last]
	h.down(0)
	return top
}

func (h *dueHeap) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h.all) {
			return
		}
		if child+1 < len(h.all) && h.all[child+1].at < h.all[child].at {
			child++
		}
		if h.all[i].at <= h.all[child].at {
			return
		}
		h.all[i], h.all[child] = h.all[child], h.all[i]
		i = child
	}
}

// expects notes when a hold ends.
func (d *desk) expects(slot uint32, r *Reservation) { d.due.push(due{r.Expires.UnixMilli(), slot}) }

// holds reports whether a hold in the heap is still one.
func (d *desk) holds(x due) bool {
	r := d.records[x.slot].r
	return r != nil && r.State == Tried && r.Expires.UnixMilli() == x.at
}

// lapsed reports whether the hold in a slot has ended by the clock, and waits for
// its turn to be ended.
func (d *desk) lapsed(slot uint32) bool {
	r := d.records[slot].r
	return r.State == Tried && r.Expires.UnixMilli() <= d.reached.UnixMilli()
}

// released notes that a hold in the heap is none any more.
func (d *desk) released() {
	d.due.gone++
	if d.due.gone < 1024 || d.due.gone*2 < len(d.due.all) {
		return
	}
	d.due.all = slices.DeleteFunc(d.due.all, func(x due) bool { return !d.holds(x) })
	for i := len(d.due.all)/2 - 1; i >= 0; i-- {
		d.due.down(i)
	}
	d.due.gone = 0
}

// overAtOnce bounds how many holds end in one Apply, so that nobody waits long
// for those that end together: of a platform's peak, or of the hours that a hub
// was down.
const overAtOnce = 2048

// over gives the holds that end by the clock, in the order they end, or the
// first of them.
func (d *desk) over() []uint32 {
	now := d.reached.UnixMilli()
	if len(d.due.all) == 0 || d.due.all[0].at > now {
		return nil
	}
	var out []uint32
	for len(d.due.all) > 0 && d.due.all[0].at <= now && len(out) < overAtOnce {
		if x := d.due.pop(); d.holds(x) {
			out = append(out, x.slot)
		} else {
			d.due.gone--
		}
	}
	// The heap's order among equals depends on its history.
	slices.SortFunc(out, func(a, b uint32) int {
		x, y := d.records[a].r, d.records[b].r
		return cmp.Or(x.Expires.Compare(y.Expires), cmp.Compare(x.Born, y.Born))
	})
	return slices.Compact(out)
}
