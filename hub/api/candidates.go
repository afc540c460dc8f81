package api

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// nowhere is the candidate of a place that nobody serves. The Book knows no
// warehouse of this name; it still answers for a reservation that was made while
// somebody served the place.
const nowhere stock.Warehouse = ""

// candidates gives the warehouses that a request names, in order, each with how
// fresh its numbers are; and the words in which the request names them.
func (r *reservations) candidates(req *forestockv1.CreateReservationRequest, now time.Time) (list []inventory.Candidate, where string, _ error) {
	single, several, place := req.GetReservation().GetWarehouse(), req.GetWarehouses(), req.GetLocation()
	switch {
	case single != "" && len(several) == 0 && place == nil:
		w, err := parseWarehouseName("reservation.warehouse", single)
		if err != nil {
			return nil, "", err
		}
		return []inventory.Candidate{r.candidate(w, now)}, string(w), nil
	case len(several) > 0 && single == "" && place == nil:
		return r.listed(several, now)
	case place != nil && single == "" && len(several) == 0:
		return r.around(place, now)
	}
	return nil, "", invalid(InvalidReservation, "reservation.warehouse", "name either one warehouse in reservation.warehouse, or several in warehouses, or a location")
}

// candidate puts in how fresh a warehouse's numbers are.
func (r *reservations) candidate(w stock.Warehouse, now time.Time) inventory.Candidate {
	c := inventory.Candidate{Warehouse: w, Freshness: inventory.Stale, Age: ageless}
	if s, ok := r.view.stock.Warehouse(w); ok {
		sign := r.view.pulse.of(&s, now)
		c.Freshness, c.Age = sign.judged()
	}
	return c
}

// listed gives the warehouses of a list.
func (r *reservations) listed(names []string, now time.Time) (list []inventory.Candidate, where string, _ error) {
	if len(names) > inventory.MaxCandidates {
		return nil, "", invalid(TooMany, "warehouses", "%d warehouses are more than %d; name those that come into question", len(names), inventory.MaxCandidates)
	}
	ids := make([]string, len(names))
	for i, name := range names {
		w, err := stock.ParseWarehouse(strings.TrimPrefix(name, "warehouses/"))
		if err != nil {
			return nil, "", invalid(InvalidName, fmt.Sprintf("warehouses[%d]", i), "%v", err)
		}
		ids[i] = string(w)
		list = append(list, r.candidate(w, now))
	}
	return list, strings.Join(ids, ","), nil
}

// around gives the warehouses that serve a place, the nearest first.
func (r *reservations) around(place *forestockv1.Location, now time.Time) (list []inventory.Candidate, where string, _ error) {
	lat, lng, ok := millionths(place.GetLatitude(), place.GetLongitude())
	if !ok {
		return nil, "", invalid(InvalidReservation, "location", "latitude %v, longitude %v is no place on the earth; write degrees, WGS 84", place.GetLatitude(), place.GetLongitude())
	}
	near := r.areas.around(lat, lng)
	if len(near) == 0 {
		list = append(list, inventory.Candidate{Warehouse: nowhere, Freshness: inventory.Stale, Age: ageless})
	}
	for _, w := range near {
		list = append(list, r.candidate(w, now))
	}
	return list, fmt.Sprintf("@%d,%d", lat, lng), nil
}

// areas finds the warehouses that serve a place.
type areas struct{ stock Stock }

// around gives the warehouses whose area covers a place, the nearest first; of
// equally near ones the first by id.
func (a areas) around(latitude, longitude int32) []stock.Warehouse {
	type found struct {
		warehouse stock.Warehouse
		metres    int
	}
	var near []found
	for _, w := range a.stock.Warehouses() {
		rows := a.stock.Policies(w.Warehouse)
		if len(rows) == 0 || rows[0].SKU != "" || rows[0].Policy.Area == nil {
			continue
		}
		if metres, covered := rows[0].Policy.Area.Distance(latitude, longitude); covered {
			near = append(near, found{w.Warehouse, metres})
		}
	}
	slices.SortStableFunc(near, func(a, b found) int { return cmp.Compare(a.metres, b.metres) })
	out := make([]stock.Warehouse, 0, inventory.MaxCandidates)
	for _, f := range near[:min(len(near), inventory.MaxCandidates)] {
		out = append(out, f.warehouse)
	}
	return out
}
