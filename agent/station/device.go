package station

import (
	"context"
	"net/http"
	"time"
)

// deviceTimeout is how long a scale may take to zero itself: it waits for the
// pan to come to rest.
const deviceTimeout = 8 * time.Second

// device zeroes or tares a scale.
func (s *Server) device(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Device  string `json:"device"`
		Command string `json:"command"` // zero, tare or clear_tare
	}
	if !read(w, r, &in, `send {"device": "scale-1", "command": "zero"}`) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), deviceTimeout)
	defer cancel()
	if err := s.deps.Device(ctx, in.Device, in.Command); err != nil {
		refuse(w, http.StatusUnprocessableEntity, problem{"DEVICE_REFUSED", err.Error(), "clear the scale and try again; GET /api/status lists the devices and how they are"})
		return
	}
	answer(w, http.StatusOK, map[string]any{"done": true})
}

// devices says what the devices say just now: for people who try one.
func (s *Server) devices(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"devices": s.deps.Devices()})
}
