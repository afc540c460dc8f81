package store

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// A row of events is what a group did to reservations, one behind the other,
// each with its length before it. Events are the records too: the newest one
// of a reservation is the reservation. So a group of hundreds costs the
// database one insertion, at the end of all that was written.

// eventBytes is about how long a row of events gets.
const eventBytes = 64 << 10

func eventKey(b []byte, r inventory.Revision) []byte {
	return binary.BigEndian.AppendUint64(append(b, eventRow), uint64(r))
}

func refKey(b []byte, r inventory.Revision) []byte {
	return binary.BigEndian.AppendUint64(append(b, refRow), uint64(r))
}

// revisionOfKey reads the revision at the end of a key.
func revisionOfKey(key []byte) inventory.Revision {
	return inventory.Revision(binary.BigEndian.Uint64(key[len(key)-8:]))
}

// events writes the rows of what happened to reservations.
func (w *rowWriter) events(events []inventory.Event) {
	row, one, refs := w.buffers.row[:0], w.buffers.one[:0], w.buffers.refs[:0]
	var first inventory.Revision
	for i := range events {
		e := &events[i]
		if len(row) == 0 {
			first = e.Reservation.Revision
		}
		one = packEvent(one[:0], e)
		row = append(binary.AppendUvarint(row, uint64(len(one))), one...)
		if e.Type == inventory.EventTried && e.Reservation.Ref != "" {
			refs = binary.BigEndian.AppendUint32(refs, refHash(e.Reservation.Ref))
			refs = binary.AppendUvarint(refs, uint64(e.Reservation.Revision-first))
		}
		if len(row) < eventBytes && i < len(events)-1 {
			continue
		}
		w.write(eventKey(w.key[:0], first), row)
		if len(refs) > 0 {
			w.write(refKey(w.key[:0], first), refs)
		}
		row, refs = row[:0], refs[:0]
	}
	*w.buffers = buffers{row, one, refs}
}

// buffers are what events are packed in, kept from group to group.
type buffers struct{ row, one, refs []byte }

// refHash stands for an order number in the rows by which it is found again.
func refHash(ref string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(ref)) // never fails
	return h.Sum32()
}

// packEvent begins with what a restart needs of most events.
func packEvent(b []byte, e *inventory.Event) []byte {
	p := packer{b}
	r := e.Reservation
	p.uint(uint64(r.Revision))
	p.text(string(r.ID))
	p.uint(uint64(e.Type))
	p.time(e.Time)
	packReservation(&p, r)
	return p.b
}

func unpackEvent(row string) (inventory.Event, error) {
	u := unpacker{s: row}
	e := unpackEventHead(&u)
	unpackLines(&u, e.Reservation)
	return e, u.end()
}

// unpackRecord unpacks what a restart needs of an event: of a reservation that
// has ended, and of which no floor has to hear, that is little.
func unpackRecord(row string) (inventory.Event, error) {
	u := unpacker{s: row}
	e := unpackEventHead(&u)
	if r := e.Reservation; !r.State.Open() && r.Asked == 0 {
		return e, u.err
	}
	unpackLines(&u, e.Reservation)
	return e, u.end()
}

// unpackEventHead unpacks all but lines and picks.
func unpackEventHead(u *unpacker) inventory.Event {
	r := &inventory.Reservation{Revision: inventory.Revision(u.uint()), ID: stock.OrderID(u.text())}
	e := inventory.Event{Type: inventory.EventType(u.uint()), Time: u.time(), Reservation: r}
	unpackReservation(u, r)
	return e
}

// headOf reads only which reservation an event is about, and its revision.
func headOf(row string) (stock.OrderID, inventory.Revision) {
	u := unpacker{s: row}
	revision := inventory.Revision(u.uint())
	return stock.OrderID(u.text()), revision
}

// split gives the events of a row, each packed. They are parts of row.
func split(row string) ([]string, error) {
	u := unpacker{s: row}
	var out []string
	for u.s != "" && u.err == nil {
		out = append(out, u.text())
	}
	if u.err != nil {
		return nil, fmt.Errorf("row of events: %w", u.err)
	}
	return out, nil
}

const (
	atRisk = 1 << iota
	pickedAfterCancel
)

const (
	lineDone = 1 << iota
	lineAtRisk
	pickShort
)

func bitIf(set bool, bit uint64) uint64 {
	if set {
		return bit
	}
	return 0
}

func packReservation(p *packer, r *inventory.Reservation) {
	p.uint(uint64(r.State))
	p.uint(r.Payload)
	p.text(string(r.Warehouse))
	p.text(r.Ref)
	p.text(r.Channel)
	p.uint(uint64(r.TTL / time.Millisecond))
	for _, t := range [...]time.Time{r.Expires, r.Created, r.Confirmed, r.Updated, r.Due} {
		p.time(t)
	}
	p.text(r.Reason)
	p.uint(bitIf(r.AtRisk, atRisk) | bitIf(r.PickedAfterCancel, pickedAfterCancel))
	p.uint(uint64(r.Born))
	p.uint(uint64(r.Asked))
	p.uint(uint64(len(r.Lines)))
	for i := range r.Lines {
		packLine(p, &r.Lines[i])
	}
	p.uint(uint64(len(r.Picks)))
	for i := range r.Picks {
		pick := &r.Picks[i]
		p.uint(uint64(pick.Line))
		p.uint(uint64(pick.Place.Term))
		p.uint(uint64(pick.Place.Seq))
		p.int(pick.Quantity)
		p.uint(bitIf(pick.Short, pickShort))
	}
}

func unpackReservation(u *unpacker, r *inventory.Reservation) {
	r.State, r.Payload = inventory.ReservationState(u.uint()), u.uint()
	r.Warehouse, r.Ref, r.Channel = stock.Warehouse(u.text()), u.text(), u.text()
	r.TTL = time.Duration(u.uint()) * time.Millisecond
	for _, t := range [...]*time.Time{&r.Expires, &r.Created, &r.Confirmed, &r.Updated, &r.Due} {
		*t = u.time()
	}
	r.Reason = u.text()
	flags := u.uint()
	r.AtRisk, r.PickedAfterCancel = flags&atRisk != 0, flags&pickedAfterCancel != 0
	r.Born, r.Asked = inventory.Revision(u.uint()), inventory.Revision(u.uint())
}

func unpackLines(u *unpacker, r *inventory.Reservation) {
	if n := u.count(); n > 0 {
		r.Lines = make([]inventory.ReservationLine, n)
	}
	for i := range r.Lines {
		unpackLine(u, &r.Lines[i])
	}
	if n := u.count(); n > 0 {
		r.Picks = make([]inventory.PickOf, n)
	}
	for i := range r.Picks {
		pick := &r.Picks[i]
		pick.Line = int(u.uint())
		pick.Place = inventory.Place{Term: inventory.Term(u.uint()), Seq: stock.Seq(u.uint())}
		pick.Quantity, pick.Short = u.int(), u.uint()&pickShort != 0
	}
}

func packLine(p *packer, l *inventory.ReservationLine) {
	p.text(string(l.SKU))
	p.int(l.Quantity)
	p.int(l.Granted)
	p.uint(uint64(l.MinShelfLife))
	p.uint(uint64(l.MinExpiry))
	p.int(l.Tolerance)
	p.int(l.Picked)
	p.uint(bitIf(l.Done, lineDone) | bitIf(l.AtRisk, lineAtRisk))
	p.uint(uint64(len(l.Substitutes)))
	for _, s := range l.Substitutes {
		p.text(string(s))
	}
	p.uint(uint64(len(l.Lots)))
	for i := range l.Lots {
		p.text(string(l.Lots[i].Lot))
		p.uint(uint64(l.Lots[i].Expiry))
		p.int(l.Lots[i].Quantity)
	}
}

func unpackLine(u *unpacker, l *inventory.ReservationLine) {
	l.SKU, l.Quantity, l.Granted = stock.SKU(u.text()), u.int(), u.int()
	l.MinShelfLife, l.MinExpiry = int(u.uint()), stock.Date(u.uint())
	l.Tolerance, l.Picked = u.int(), u.int()
	flags := u.uint()
	l.Done, l.AtRisk = flags&lineDone != 0, flags&lineAtRisk != 0
	if n := u.count(); n > 0 {
		l.Substitutes = make([]stock.SKU, n)
	}
	for i := range l.Substitutes {
		l.Substitutes[i] = stock.SKU(u.text())
	}
	if n := u.count(); n > 0 {
		l.Lots = make([]inventory.Allocation, n)
	}
	for i := range l.Lots {
		l.Lots[i] = inventory.Allocation{Lot: stock.Lot(u.text()), Expiry: stock.Date(u.uint()), Quantity: u.int()}
	}
}
