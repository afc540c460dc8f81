package store

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func kept(t *testing.T, s *running, prefix, after string, n int) (out []string) {
	t.Helper()
	err := s.Kept(prefix, after, func(key string, value []byte) bool {
		out = append(out, key+"="+string(value))
		return len(out) < n
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wantKept(t *testing.T, s *running, prefix, after string, n int, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.Fields(want), kept(t, s, prefix, after, n), cmp.Transformer("", func(l []string) string { return strings.Join(l, " ") })); diff != "" {
		t.Errorf("kept under %q after %q (-want +got):\n%s", prefix, after, diff)
	}
}

func TestKeep_GivesRowsByTheirKeysAlsoAfterARestart(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, Options{})
	if err := s.Keep(t.Context(), map[string][]byte{"a/1": []byte("x"), "a/2": []byte("y"), "a/3": {}, "b/1": []byte("z")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Keep(t.Context(), map[string][]byte{"a/1": nil, "a/4": []byte("w")}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		wantKept(t, s, "a/", "", 9, "a/2=y a/3= a/4=w")
		wantKept(t, s, "a/", "a/2", 9, "a/3= a/4=w")
		wantKept(t, s, "a/", "", 1, "a/2=y")
		wantKept(t, s, "", "", 9, "a/2=y a/3= a/4=w b/1=z")
		wantKept(t, s, "c", "", 9, "")
		closeStore(t, s)
		s = start(t, dir, Options{})
	}
	closeStore(t, s)
	if err := s.Keep(t.Context(), map[string][]byte{"a": nil}); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed store keeps: %v", err)
	}
}

func TestKeep_OutlivesARebuild(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s := start(t, dir, Options{})
	if err := s.Keep(t.Context(), map[string][]byte{"a/1": []byte("x")}); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	if r, err := Rebuild(dir, dir+".old", Options{}); err != nil || r.Lost != nil {
		t.Fatalf("%+v, %v", r, err)
	}
	wantKept(t, start(t, dir, Options{}), "a/", "", 9, "a/1=x")
}
