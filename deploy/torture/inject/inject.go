// Package inject runs a program and makes one of its system calls fail or
// kill it, by strace, whose faults reach Go programs too.
//
// It promises that the fault hits exactly the n-th call: the program runs on
// one thread of Go code, and the result says whether the fault fired at all.
package inject

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Fault is what happens at which call.
type Fault struct {
	Syscall string // as strace names it: pwrite64, fdatasync, ftruncate …
	Nth     int    // 1 is the first such call of the process
	Action  string // "signal=KILL", "error=EIO", "error=ENOSPC", "delay_enter=50000"
}

// String gives the fault as strace takes it.
func (f Fault) String() string { return fmt.Sprintf("%s:%s:when=%d", f.Syscall, f.Action, f.Nth) }

// Outcome is how the program ended.
type Outcome struct {
	Stdout string
	Stderr string
	Killed bool // by SIGKILL
	Code   int  // exit code where it was not killed
	Fired  bool // the fault happened
}

// Available reports whether strace can be run here.
func Available() error {
	if _, err := exec.LookPath("strace"); err != nil {
		return errors.New("strace is not installed: apt-get install strace")
	}
	return nil
}

// Run starts argv under the fault and waits for it. Environment variables are
// added to this process's.
func Run(ctx context.Context, dir string, f Fault, env []string, argv ...string) (Outcome, error) {
	trace := filepath.Join(dir, "strace.out")
	args := []string{
		"-f", "-qq", "-o", trace, "-e", "trace=" + f.Syscall, "-e", "inject=" + f.String(), "--",
	}
	cmd := exec.CommandContext(ctx, "strace", append(args, argv...)...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Env = append(cmd.Env, env...)
	// The program must not outlive strace when ctx ends.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Outcome{}, fmt.Errorf("run %s under strace: %w", argv[0], err)
	}
	if ctx.Err() != nil {
		return Outcome{}, fmt.Errorf("run %s with %s: %w", argv[0], f, context.Cause(ctx))
	}
	log, err := os.ReadFile(trace)
	if err != nil {
		return Outcome{}, fmt.Errorf("read trace: %w", err)
	}
	return outcome(cmd.ProcessState, stdout.String(), stderr.String(), string(log)), nil
}

// outcome reads what strace saw. strace ends itself by the signal that ended
// the program.
func outcome(state *os.ProcessState, stdout, stderr, log string) Outcome {
	o := Outcome{Stdout: stdout, Stderr: stderr, Code: state.ExitCode()}
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() && ws.Signal() == syscall.SIGKILL {
		o.Killed = true
	}
	o.Fired = strings.Contains(log, "(INJECTED)") || strings.Contains(log, "(DELAYED)") || o.Killed
	return o
}
