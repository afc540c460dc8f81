package station

import (
	"encoding/json"
	"net/http"
)

// problem says what went wrong, in every error of the API:
// {"error":{"reason","message","hint"}}.
type problem struct {
	Reason  string `json:"reason"` // stable, for programs
	Message string `json:"message"`
	Hint    string `json:"hint"` // what to do
}

func refuse(w http.ResponseWriter, status int, p problem) {
	answer(w, status, struct {
		Error problem `json:"error"`
	}{p})
}

func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // only what this package made is marshalled
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	write(w, status, text)
}

func write(w http.ResponseWriter, status int, text []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // a caller that went away needs no answer
}

// statusOf gives the HTTP status of a refusal at the station.
func statusOf(reason string) int {
	switch reason {
	case "":
		return http.StatusOK
	case "DISK_FULL":
		return http.StatusInsufficientStorage
	case "LEDGER_STOPPED", "LEDGER_UNSURE":
		return http.StatusServiceUnavailable
	}
	return http.StatusUnprocessableEntity
}
