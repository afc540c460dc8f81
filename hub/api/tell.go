package api

import (
	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// ReservationJSON gives a reservation as a GET of it would, for whoever tells of
// it elsewhere.
func (s *Server) ReservationJSON(r *inventory.Reservation) ([]byte, error) {
	return newMarshaler().Marshal(reservationMessage(r, forestockv1.View_FULL))
}
