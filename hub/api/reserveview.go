package api

import (
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// reservationParts is what a message about a reservation always holds, in one
// piece of memory: the hot path makes one for every answer.
type reservationParts struct {
	message                 forestockv1.Reservation
	ttl                     durationpb.Duration
	expires, made, modified timestamppb.Timestamp
}

// reservationMessage gives a reservation as the platform sees it, as much as it
// asked for.
func reservationMessage(r *inventory.Reservation, view forestockv1.View) *forestockv1.Reservation {
	if view == forestockv1.View_BASIC {
		return basicReservation(r)
	}
	p := new(reservationParts)
	m := &p.message
	writeState(m, r, &p.expires)
	m.OrderRef, m.Channel, m.CancelReason = r.Ref, r.Channel, r.Reason
	m.CreateTime, m.UpdateTime = within(&p.made, r.Created), within(&p.modified, r.Updated)
	m.PromiseTime = timestamp(r.Due)
	if r.Warehouse != "" {
		p.ttl.Seconds, p.ttl.Nanos = int64(r.TTL/time.Second), int32(r.TTL%time.Second)
		m.Ttl = &p.ttl
	}
	m.Lines = lineMessages(r.Lines)
	if r.State == inventory.Cancelled || r.State == inventory.Expired { // nobody lacks what nobody wants
		for _, l := range m.Lines {
			l.Short = 0
		}
	}
	return m
}

// writeState writes what every view of a reservation has.
func writeState(m *forestockv1.Reservation, r *inventory.Reservation, expires *timestamppb.Timestamp) {
	m.Name = "reservations/" + string(r.ID)
	m.State = forestockv1.ReservationState(r.State)
	m.AtRisk, m.PickedAfterCancel = r.AtRisk, r.PickedAfterCancel
	m.Revision = strconv.FormatUint(uint64(r.Revision), 10)
	if r.Warehouse != "" { // the mark of an unknown id that was cancelled has none, and held nothing
		m.Warehouse = warehouseName(r.Warehouse)
		m.ExpireTime = within(expires, r.Expires)
	}
}

// basicReservation gives a reservation without what the caller knows by itself. A
// line that is short is told whole: whoever allowed a part has to see it. Of what
// ended without goods, every line would be.
func basicReservation(r *inventory.Reservation) *forestockv1.Reservation {
	p := new(struct {
		message forestockv1.Reservation
		expires timestamppb.Timestamp
	})
	writeState(&p.message, r, &p.expires)
	told := r.State.Open() || r.State == inventory.Shorted
	for i := range r.Lines {
		if told && r.Lines[i].Short() > 0 {
			p.message.Lines = append(p.message.Lines, lineMessages(r.Lines[i:i+1])...)
		}
	}
	return &p.message
}

// within writes a time into memory that is there already; nil for no time.
func within(at *timestamppb.Timestamp, t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	at.Seconds, at.Nanos = t.Unix(), int32(t.Nanosecond())/1e6*1e6 // nobody reads nanoseconds
	return at
}

func lineMessages(lines []inventory.ReservationLine) []*forestockv1.ReservationLine {
	lots := 0
	for i := range lines {
		lots += len(lines[i].Lots)
	}
	messages, out := make([]forestockv1.ReservationLine, len(lines)), make([]*forestockv1.ReservationLine, len(lines))
	shares, allocations := make([]forestockv1.Allocation, lots), make([]*forestockv1.Allocation, lots)
	for i := range lines {
		l, m := &lines[i], &messages[i]
		m.Sku, m.Quantity, m.MinShelfLifeDays = string(l.SKU), quantity(l.Quantity), count(l.MinShelfLife)
		m.Reserved, m.Picked, m.Short = quantity(l.Reserved()), quantity(l.Picked), quantity(l.Short())
		for _, s := range l.Substitutes {
			m.Substitutes = append(m.Substitutes, string(s))
		}
		for j := range l.Lots {
			a := &shares[j]
			a.Lot, a.Quantity, a.ExpiryDate = string(l.Lots[j].Lot), quantity(l.Lots[j].Quantity), l.Lots[j].Expiry.String()
			allocations[j] = a
		}
		n := len(l.Lots)
		m.Allocations, shares, allocations = allocations[:n:n], shares[n:], allocations[n:]
		out[i] = m
	}
	return out
}

// errorMessage gives a refusal as one result among others has it.
func errorMessage(r *refusal) *forestockv1.ReservationError {
	m := &forestockv1.ReservationError{Code: int32(r.code), Reason: string(r.reason), Message: r.message, Shortages: r.shortages}
	if r.retry > 0 {
		m.RetryDelay = durationpb.New(r.retry)
	}
	return m
}
