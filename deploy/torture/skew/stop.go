package skew

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// stopped does f while a process stands still, with no thread of it between
// two addresses: code that nobody is in the middle of can be replaced.
func stopped(pid int, from, to int64, f func() error) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	const attempts = 1000
	for range attempts {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			return fmt.Errorf("stop process %d: %w", pid, err)
		}
		<-tick.C // a running thread takes the signal at its next tick at the latest
		ok, err := free(pid, from, to)
		if err == nil && ok {
			err = f()
		}
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			return fmt.Errorf("let process %d go on: %w", pid, err)
		}
		if err != nil || ok {
			return err
		}
	}
	return fmt.Errorf("process %d does not stand still", pid)
}

// free reports whether every thread stands still outside of a range of
// addresses.
func free(pid int, from, to int64) (bool, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil {
		return false, err
	}
	for _, thread := range threads {
		state, err := os.ReadFile(filepath.Join(thread, "stat"))
		if err != nil {
			return false, err
		}
		// proc(5): the state follows the name in parentheses.
		if _, after, ok := bytes.Cut(state, []byte(") ")); !ok || after[0] != 'T' {
			return false, nil
		}
		call, err := os.ReadFile(filepath.Join(thread, "syscall"))
		if err != nil {
			return false, err
		}
		// proc(5): the last number is the program counter.
		at := bytes.LastIndexByte(bytes.TrimSpace(call), ' ')
		var pc int64
		if _, err := fmt.Sscanf(string(call[at+1:]), "0x%x", &pc); err != nil {
			return false, fmt.Errorf("where thread %s is: %w", filepath.Base(thread), err)
		}
		if pc >= from && pc < to {
			return false, nil
		}
	}
	return len(threads) > 0, nil
}
