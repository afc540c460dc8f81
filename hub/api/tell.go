package api

import (
	"time"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// ReservationJSON gives a reservation as a GET of it would, for whoever tells of
// it elsewhere.
func (s *Server) ReservationJSON(r *inventory.Reservation) ([]byte, error) {
	return newMarshaler().Marshal(reservationMessage(r, forestockv1.View_FULL))
}

// AvailabilityJSON gives a SKU in a warehouse as a GET of it would. What is not
// known any more has nothing.
func (s *Server) AvailabilityJSON(w stock.Warehouse, sku stock.SKU) ([]byte, error) {
	state, err := s.view.warehouse("warehouse", w)
	if err != nil {
		return nil, err
	}
	m := s.view.moment(state, "", time.Now())
	l, _ := m.level(sku)
	return newMarshaler().Marshal(m.availability(&l, forestockv1.View_FULL))
}
