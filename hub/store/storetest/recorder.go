package storetest

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// recorder is a testing.TB that notes failures instead of passing them on.
type recorder struct {
	testing.TB
	mu      sync.Mutex // guards the rest
	failed  bool
	lines   []string
	cleanup []func()
}

// record runs a check with a recorder, cleanups included.
func record(tb testing.TB, check func(testing.TB, Open), open Open) *recorder {
	tb.Helper()
	r := &recorder{TB: tb}
	done := make(chan struct{})
	go func() { // of its own, because FailNow ends the goroutine
		defer close(done)
		defer r.clean()
		check(r, open)
	}()
	<-done
	return r
}

func (r *recorder) clean() {
	for _, f := range slices.Backward(r.cleanup) {
		f()
	}
}

func (r *recorder) first() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) == 0 {
		return "failed without a word"
	}
	line, _, _ := strings.Cut(r.lines[0], "\n")
	return line
}

func (r *recorder) note(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed, r.lines = true, append(r.lines, s)
}

// Cleanup implements testing.TB.
func (r *recorder) Cleanup(f func()) { r.cleanup = append(r.cleanup, f) }

// Failed implements testing.TB.
func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// Fail implements testing.TB.
func (r *recorder) Fail() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
}

// FailNow implements testing.TB.
func (r *recorder) FailNow() { r.Fail(); runtime.Goexit() }

// Error implements testing.TB.
func (r *recorder) Error(args ...any) { r.note(fmt.Sprint(args...)) }

// Errorf implements testing.TB.
func (r *recorder) Errorf(format string, args ...any) { r.note(fmt.Sprintf(format, args...)) }

// Fatal implements testing.TB.
func (r *recorder) Fatal(args ...any) { r.note(fmt.Sprint(args...)); runtime.Goexit() }

// Fatalf implements testing.TB.
func (r *recorder) Fatalf(format string, args ...any) {
	r.note(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

// Log implements testing.TB.
func (r *recorder) Log(...any) {}

// Logf implements testing.TB.
func (r *recorder) Logf(string, ...any) {}

// Skip implements testing.TB.
func (r *recorder) Skip(...any) { runtime.Goexit() }

// SkipNow implements testing.TB.
func (r *recorder) SkipNow() { runtime.Goexit() }
