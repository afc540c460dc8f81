package campaign

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/forestock/forestock/deploy/torture/work"
)

// worker is the program under torture while it runs.
type worker struct {
	cmd  *exec.Cmd
	done chan struct{}

	mu  sync.Mutex
	out strings.Builder // guarded by mu
}

// start starts argv on a new book at path.
func start(ctx context.Context, w work.Work, path string, argv ...string) (*worker, error) {
	if err := os.RemoveAll(path); err != nil {
		return nil, fmt.Errorf("remove book: %w", err)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), w.Env(path, 0, 1<<30)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", argv[0], err)
	}
	child := &worker{cmd: cmd, done: make(chan struct{})}
	go child.read(pipe)
	return child, nil
}

func (w *worker) read(r io.Reader) {
	defer close(w.done)
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		w.mu.Lock()
		w.out.WriteString(line)
		w.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (w *worker) printed() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.String()
}

// begun waits until the program has saved something.
func (w *worker) begun(ctx context.Context) error {
	for len(work.Acknowledged(w.printed())) == 0 {
		select {
		case <-w.done:
			return errors.New("the program ended before it saved anything")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// kill ends the program and whatever traces it.
func (w *worker) kill() {
	_ = syscall.Kill(-w.cmd.Process.Pid, syscall.SIGKILL) // it may have ended by itself
	<-w.done
	_ = w.cmd.Wait() // killed, as asked
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
