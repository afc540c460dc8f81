package skew

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestMain is also the program whose clock is turned: for every line that it
// reads it says its wall clock, in nanoseconds, and how long it has run by its
// monotonic clock.
func TestMain(m *testing.M) {
	if os.Getenv("FORESTOCK_SKEW_CHILD") == "" {
		os.Exit(m.Run())
	}
	began := time.Now()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		now := time.Now()
		fmt.Println(now.UnixNano(), int64(now.Sub(began)))
	}
}

func TestTurn_OnlyTheWallClockOfThatProgramJumps(t *testing.T) {
	if err := Available(); err != nil {
		t.Skip(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "FORESTOCK_SKEW_CHILD=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	lines := bufio.NewReader(out)
	ask := func() (wall time.Time, ran time.Duration) {
		t.Helper()
		fmt.Fprintln(in)
		var ns, run int64
		if _, err := fmt.Fscan(lines, &ns, &run); err != nil {
			t.Fatal(err)
		}
		return time.Unix(0, ns), time.Duration(run)
	}
	_, last := ask()
	const year = 365 * 24 * time.Hour
	for _, want := range []time.Duration{0, time.Second, 10 * year, -10 * year, -time.Second, 0} {
		c, err := Of(cmd.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Turn(want); err != nil {
			t.Fatal(err)
		}
		before := time.Now()
		wall, ran := ask()
		after := time.Now()
		if wall.Before(before.Add(want).Truncate(0)) || wall.After(after.Add(want).Truncate(0)) {
			t.Errorf("turned by %v, the clock says %v; it was asked between %v and %v", want, wall, before, after)
		}
		if ran < last || ran > after.Sub(started) {
			t.Errorf("turned by %v, the program ran for %v by its monotonic clock, before that %v; it was started %v ago", want, ran, last, after.Sub(started))
		}
		last = ran
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}
