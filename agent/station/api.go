package station

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/forestock/forestock/proto/stock"
)

// maxBody bounds a request: a scan of the largest code with room to spare.
const maxBody = 16 << 10

// input is the body of POST /api/scan and /api/key.
type input struct {
	Code    string `json:"code"`    // what a scanner would send, with or without symbology identifier
	Key     string `json:"key"`     // a button's name, such as "receive", "ok" or "7"
	ID      string `json:"id"`      // the command's id: the same again is answered from memory and counts once
	Station string `json:"station"` // the first one without it
}

func (s *Server) scan(w http.ResponseWriter, r *http.Request) {
	s.take(w, r, "code", func(in *input) string { return in.Code }, Desk.Scan)
}

func (s *Server) key(w http.ResponseWriter, r *http.Request) {
	s.take(w, r, "key", func(in *input) string { return in.Key }, Desk.Press)
}

// take hands an input to its station and answers what became of it.
func (s *Server) take(w http.ResponseWriter, r *http.Request, field string, what func(*input) string, do func(Desk, context.Context, string, string) ([]byte, string, error)) {
	in := new(input)
	if !read(w, r, in, `send {"code": "6901234567892", "id": "any-id-of-yours"}`) {
		return
	}
	desk, ok := s.desk(w, in.Station)
	if !ok {
		return
	}
	if what(in) == "" || in.ID == "" || len(in.ID) > stock.MaxCommand || stock.CheckText(in.ID) != nil {
		refuse(w, http.StatusBadRequest, problem{"BAD_REQUEST", `the body needs "` + field + `" and "id"`, `"id" is 1 to 64 characters of your choice; the same id again counts once`})
		return
	}
	text, refused, err := do(desk, r.Context(), in.ID, what(in))
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, problem{"STATION_BUSY", err.Error(), "send it again with the same id: it counts once"})
		return
	}
	write(w, statusOf(refused), text)
}

// read fills in from the body, which must be one JSON object and nothing else.
func read(w http.ResponseWriter, r *http.Request, in any, hint string) bool {
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	body.DisallowUnknownFields()
	err := body.Decode(in)
	if err == nil {
		_, err = body.Token()
		if errors.Is(err, io.EOF) {
			return true
		}
		err = errors.New("something follows the object")
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		refuse(w, http.StatusRequestEntityTooLarge, problem{"TOO_LARGE", "the body is too long", "a scan has at most 4 KiB"})
		return false
	}
	refuse(w, http.StatusBadRequest, problem{"BAD_REQUEST", "the body is not the JSON that is wanted: " + err.Error(), hint})
	return false
}

// desk finds a station by its name, the first one without a name.
func (s *Server) desk(w http.ResponseWriter, name string) (Desk, bool) {
	if name == "" {
		name = s.deps.Stations[0]
	}
	desk := s.deps.Desks[name]
	if desk == nil {
		refuse(w, http.StatusNotFound, problem{"UNKNOWN_STATION", "there is no station " + strconv.Quote(name), "GET /api/stations lists them"})
		return nil, false
	}
	return desk, true
}

func (s *Server) view(w http.ResponseWriter, r *http.Request) {
	if desk, ok := s.desk(w, r.URL.Query().Get("station")); ok {
		write(w, http.StatusOK, desk.View())
	}
}

// label draws the label that a station shows.
func (s *Server) label(w http.ResponseWriter, r *http.Request) {
	desk, ok := s.desk(w, r.URL.Query().Get("station"))
	if !ok {
		return
	}
	var svg []byte
	var err error
	if s.deps.Label != nil {
		svg, err = s.deps.Label(desk.View())
	}
	switch {
	case err != nil:
		refuse(w, http.StatusUnprocessableEntity, problem{"LABEL", err.Error(), "the view has its code as text"})
	case svg == nil:
		refuse(w, http.StatusNotFound, problem{"NO_LABEL", "the station shows no label", "scan the reprint card, or send goods to another warehouse"})
	default:
		w.Header().Set("Content-Type", "image/svg+xml")
		w.Header().Set("Cache-Control", "no-store")
		w.Write(svg) //nolint:errcheck // the page went away: it asks again
	}
}

func (s *Server) stations(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"stations": s.deps.Stations})
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.deps.Status())
}

func (s *Server) wall(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.deps.Wall())
}
