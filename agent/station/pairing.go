package station

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Pairing says whose browser has to be paired before it may change anything.
type Pairing string

// The kinds of pairing. Whoever sits at the box itself could read its files,
// so LAN lets them work without a code.
const (
	PairLAN    Pairing = "lan"    // every browser but those on the box
	PairAlways Pairing = "always" // every browser
	PairNever  Pairing = "never"  // nobody: the LAN is trusted
)

// cookie is where a browser keeps what it was paired with, for as long as
// browsers keep anything.
const (
	cookie    = "forestock_pair"
	cookieFor = 400 * 24 * time.Hour
)

// member gives what a request was paired as; ok is false where it may not change
// anything.
func (s *Server) member(r *http.Request) (pair Pair, ok bool) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if c, err := r.Cookie(cookie); err == nil && !bearer {
		token = c.Value
	}
	if pair, ok = s.deps.Pairs.Check(token); ok {
		return pair, true
	}
	switch s.pairing {
	case PairNever:
		return Pair{}, true
	case PairLAN:
		return Pair{}, onThisBox(r)
	case PairAlways:
	}
	return Pair{}, false
}

// onThisBox reports whether a request was made on the box itself. What a proxy
// hands on comes from somewhere else.
func onThisBox(r *http.Request) bool {
	if r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
		return false
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && net.ParseIP(host).IsLoopback()
}

// paired lets only those change something who may.
func (s *Server) paired(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, ok := s.member(r); !ok {
			refuse(w, http.StatusForbidden, problem{"NOT_PAIRED", "this browser may look, but not change anything", "pair it: `agent pair` on the box, or the devices page of a paired station, shows a code to enter here"})
			return
		}
		next(w, r)
	}
}

// pairs says whether this browser may change anything, and who else may.
func (s *Server) pairs(w http.ResponseWriter, r *http.Request) {
	pair, ok := s.member(r)
	type member struct {
		Name  string    `json:"name"`
		Since time.Time `json:"since"`
	}
	out := struct {
		Allowed bool     `json:"allowed"`
		Name    string   `json:"name"` // empty where no pairing is needed
		Members []member `json:"members"`
	}{ok, pair.Name, []member{}}
	if ok {
		all, err := s.deps.Pairs.List()
		if err != nil {
			refuse(w, http.StatusInternalServerError, problem{"STORAGE", err.Error(), "look at the agent's data folder"})
			return
		}
		for _, p := range all {
			out.Members = append(out.Members, member{p.Name, p.Since})
		}
	}
	answer(w, http.StatusOK, out)
}

// invite shows a code to somebody who is paired.
func (s *Server) invite(w http.ResponseWriter, r *http.Request) {
	digits, until, err := s.deps.Pairs.Invite()
	if err != nil {
		refuse(w, http.StatusInternalServerError, problem{"STORAGE", err.Error(), "look at the agent's data folder"})
		return
	}
	s.deps.Log.InfoContext(r.Context(), "a code to pair a station was opened", "from", r.RemoteAddr, "until", until)
	answer(w, http.StatusOK, map[string]any{"code": digits, "until": until})
}

// pair takes the code that somebody entered.
func (s *Server) pair(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Code string `json:"code"`
		Name string `json:"name"` // what to call the browser
	}
	if !read(w, r, &in, `send {"code": "123456", "name": "tablet-1"}`) {
		return
	}
	if in.Name == "" || len(in.Name) > 32 || stock.CheckText(in.Name) != nil {
		refuse(w, http.StatusBadRequest, problem{"BAD_REQUEST", `the body needs a "name" of 1 to 32 characters`, `send {"code": "123456", "name": "tablet-1"}`})
		return
	}
	token, err := s.deps.Pairs.Accept(in.Code, in.Name)
	switch {
	case errors.Is(err, ErrNoCode):
		refuse(w, http.StatusUnprocessableEntity, problem{"NO_CODE", "no code is open, or it was wrong too often", "make one with `agent pair` on the box, or on the devices page of a paired station"})
	case errors.Is(err, ErrWrongCode):
		s.deps.Log.WarnContext(r.Context(), "a wrong code was entered to pair a station", "from", r.RemoteAddr)
		refuse(w, http.StatusUnprocessableEntity, problem{"WRONG_CODE", "the code is wrong", "look again and key it in once more; five wrong ones end it"})
	case err != nil:
		refuse(w, http.StatusInternalServerError, problem{"STORAGE", err.Error(), "look at the agent's data folder"})
	default:
		s.deps.Log.InfoContext(r.Context(), "a station was paired", "name", in.Name, "from", r.RemoteAddr)
		setCookie(w, token)
		answer(w, http.StatusOK, map[string]any{"allowed": true, "name": in.Name, "token": token})
	}
}

func setCookie(w http.ResponseWriter, token string) {
	http.SetCookie(w, &http.Cookie{
		Name: cookie, Value: token, Path: "/", MaxAge: int(cookieFor.Seconds()), HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// prolong lets a browser keep its cookie while it is used.
func (s *Server) prolong(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookie); err == nil {
		if _, ok := s.deps.Pairs.Check(c.Value); ok {
			setCookie(w, c.Value)
		}
	}
}
