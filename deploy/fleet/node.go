package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/deploy/settings"
	"github.com/forestock/forestock/hub/hubd"
)

// program is what a node runs: a hub or an agent, with its configuration.
type program struct {
	Hub   *hubd.Config   `json:",omitempty"`
	Agent *agentd.Config `json:",omitempty"`
}

// variable tells a process that it is a node of a fleet, and which.
const variable = "FORESTOCK_FLEET_NODE"

// Child runs a node and exits when this process was started as one. Call it
// first thing in main or TestMain of a program that starts a fleet with Spawn.
func Child() {
	text := os.Getenv(variable)
	if text == "" {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var p program
	err := json.Unmarshal([]byte(text), &p)
	if err == nil {
		err = p.run(ctx, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (p program) run(ctx context.Context, log *slog.Logger) error {
	if p.Hub != nil {
		h, err := hubd.New(*p.Hub, settings.Version, log)
		if err != nil {
			return err
		}
		return h.Run(ctx)
	}
	a, err := agentd.New(*p.Agent, settings.Version, log)
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

// Node is a hub or an agent that is started again whenever it ends, as a
// service manager does. Its methods are safe for concurrent use.
type Node struct {
	Name    string
	program program
	spawn   bool // as a process of its own
	log     *slog.Logger
	output  io.Writer // of processes
	started func(node string, pid int)

	starts atomic.Int64
	kills  atomic.Int64
	held   sync.Mutex // held while the node runs, and while Down keeps it down

	mu  sync.Mutex
	end func() // guarded by mu; ends the present run
}

// Starts counts how often the node was started.
func (n *Node) Starts() int { return int(n.starts.Load()) }

// Kills counts how often it was killed.
func (n *Node) Kills() int { return int(n.kills.Load()) }

// Kill ends the present run: by SIGKILL, without a last word, when the node is
// a process of its own; in good order when it runs in this process.
func (n *Node) Kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.end != nil {
		n.kills.Add(1)
		n.end()
	}
}

// Down kills the node and runs f while it is down; then it starts again.
func (n *Node) Down(f func() error) error {
	n.Kill()
	return n.hold(f)
}

func (n *Node) hold(f func() error) error {
	n.held.Lock()
	defer n.held.Unlock()
	return f()
}

// restartAfter is how long a node that ended stays down.
const restartAfter = 100 * time.Millisecond

// Run keeps the node running until ctx ends. It gives up when the node cannot
// even start.
func (n *Node) Run(ctx context.Context) error {
	for {
		began := time.Now()
		killed := n.kills.Load()
		n.starts.Add(1)
		err := n.hold(func() error { return n.once(ctx) })
		if ctx.Err() != nil {
			return err
		}
		if killed == n.kills.Load() {
			if time.Since(began) < time.Second {
				return fmt.Errorf("%s cannot start: %w", n.Name, err)
			}
			n.log.ErrorContext(ctx, "node ended by itself", "node", n.Name, "error", err)
		}
		if !Pause(ctx, restartAfter) {
			return nil
		}
	}
}

func (n *Node) once(ctx context.Context) error {
	if n.spawn {
		return n.process(ctx)
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	n.setEnd(end)
	defer n.setEnd(nil)
	return n.program.run(ctx, n.log.With("node", n.Name))
}

// process runs the node as a process of its own: this program, told by the
// environment what it is.
func (n *Node) process(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := json.Marshal(n.program)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), variable+"="+string(text))
	cmd.Stdout, cmd.Stderr = n.output, n.output
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	// A terminal's Ctrl-C is for us alone: we end the nodes in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", n.Name, err)
	}
	n.setEnd(func() { _ = cmd.Process.Kill() }) // it may have ended by itself
	defer n.setEnd(nil)
	if n.started != nil {
		n.started(n.Name, cmd.Process.Pid)
	}
	err = cmd.Wait()
	if ctx.Err() != nil && cmd.ProcessState.Success() {
		return nil // it was told to end, and did
	}
	return err
}

func (n *Node) setEnd(end func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.end = end
}
