package world

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// story is what happened, in lines that a person can read. Lines of the same
// teller have an order; those of others within the same moment do not, so each
// teller has a fingerprint of his own.
type story struct {
	out   io.Writer
	dir   string // that nobody wants to read, and that is another one in each run
	began time.Time

	mu   sync.Mutex
	sums map[string]hash.Hash // guarded by mu; by teller
}

func newStory(out io.Writer, dir string) *story {
	return &story{out: out, dir: dir, began: time.Now(), sums: make(map[string]hash.Hash)}
}

func (s *story) tell(who, format string, args ...any) {
	text := s.line(who, fmt.Sprintf(format, args...))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sums[who] == nil {
		s.sums[who] = sha256.New()
	}
	_, _ = io.WriteString(s.sums[who], text) // never fails
	fmt.Fprint(s.out, text)
}

func (s *story) line(who, text string) string {
	return fmt.Sprintf("%14s  %-10s %s\n", time.Since(s.began).Round(time.Microsecond), who, strings.ReplaceAll(text, s.dir+"/", ""))
}

// aside tells something that is no part of the fingerprint.
func (s *story) aside(who, text string) {
	text = s.line(who, text)
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprint(s.out, text)
}

func (s *story) sum() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := sha256.New()
	for _, who := range slices.Sorted(maps.Keys(s.sums)) {
		_, _ = all.Write(s.sums[who].Sum(nil)) // never fails
	}
	return all.Sum(nil)
}

// handler brings the programs' own logs into the story.
func (s *story) handler() slog.Handler { return &teller{story: s} }

type teller struct {
	story *story
	with  []slog.Attr
}

// Enabled implements slog.Handler.
func (*teller) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

// Handle implements slog.Handler.
func (t *teller) Handle(_ context.Context, r slog.Record) error {
	var b bytes.Buffer
	who := "hub"
	put := func(a slog.Attr) bool {
		if a.Key == "warehouse" {
			who = a.Value.String()
		}
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	}
	for _, a := range t.with {
		put(a)
	}
	r.Attrs(put)
	t.story.aside(who, "log: "+r.Message+b.String())
	return nil
}

// WithAttrs implements slog.Handler.
func (t *teller) WithAttrs(with []slog.Attr) slog.Handler {
	return &teller{t.story, append(slices.Clone(t.with), with...)}
}

// WithGroup implements slog.Handler.
func (t *teller) WithGroup(string) slog.Handler { return t }
