package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"
)

// task is what a process of the benchmark's own does: servers and clients that
// share a process also share its garbage collector, which flatters neither.
type task struct {
	Name string
	Dir  string // its data
	// Stock is what a hub begins with when its folder is empty.
	Stock assortment
	// Brokers are where an agent finds its hub.
	Brokers []string
	// Bare leaves an echo as grpc-go makes it.
	Bare bool
	// Count is how much of something the task is about.
	Count int
}

// told is what a child says once it is ready, and possibly later.
type told struct {
	GRPC, MQTT, HTTP string
	Figures          map[string]float64
}

// variable tells a process that it is a child, and its task.
const variable = "FORESTOCK_BENCH_TASK"

var tasks = map[string]func(ctx context.Context, t task, tell func(told) error) error{
	"hub":    hubTask,
	"echo":   echoTask,
	"agent":  agentTask,
	"orders": ordersTask,
	"growth": growthTask,
}

// child carries out a task and exits, when this process was started for one. A
// child ends when its parent does: then its input ends.
func child(ctx context.Context) {
	text := os.Getenv(variable)
	if text == "" {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var t task
	err := json.Unmarshal([]byte(text), &t)
	end := profile(t.Name)
	if err == nil {
		err = tasks[t.Name](ctx, t, func(w told) error { return json.NewEncoder(os.Stdout).Encode(w) })
	}
	end()
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, t.Name+":", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// profiles names the folder for CPU profiles of children; empty writes none.
const profiles = "FORESTOCK_BENCH_PROFILES"

// profile begins a profile of this process that the returned function ends.
func profile(name string) func() {
	dir := os.Getenv(profiles)
	if dir == "" {
		return func() {}
	}
	f, err := os.CreateTemp(dir, name+"-*.prof")
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "no profile:", err)
		return func() {}
	}
	return pprof.StopCPUProfile
}

// process is a running child.
type process struct {
	told
	cmd    *exec.Cmd
	input  io.Closer
	output *json.Decoder
}

// spawn starts a child and waits until it is ready.
func spawn(ctx context.Context, t task) (*process, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, self)}
	p.cmd.Env = append(os.Environ(), variable+"="+string(text))
	p.cmd.Stderr = os.Stderr
	if p.input, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.output = json.NewDecoder(output)
	if err := p.listen(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s did not get ready: %w", t.Name, err), p.Close())
	}
	return p, nil
}

// listen waits for what the child tells next.
func (p *process) listen() error {
	p.told = told{}
	return p.output.Decode(&p.told)
}

// Close lets the child end and waits for it.
func (p *process) Close() error {
	p.input.Close()
	return p.cmd.Wait()
}

// memory gives a figure of the memory of a process by its name in
// /proc/PID/status, in bytes.
func memory(pid int, name string) float64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), name+":"); ok {
			var kibibytes float64
			if _, err := fmt.Sscanf(rest, "%f", &kibibytes); err == nil {
				return kibibytes * 1024
			}
		}
	}
	return 0
}

// usedBy gives the processor time that a process has used.
func usedBy(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ") // the name may hold spaces
	fields := strings.Fields(rest)
	const user, system, tick = 11, 12, 10 * time.Millisecond // proc_pid_stat(5), counted behind the name
	if len(fields) <= system {
		return 0
	}
	u, _ := strconv.Atoi(fields[user]) // the kernel writes numbers
	s, _ := strconv.Atoi(fields[system])
	return time.Duration(u+s) * tick
}
