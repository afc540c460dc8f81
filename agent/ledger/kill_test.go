package ledger_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// The test binary is also the process that gets killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("LEDGER_HEIR"); path != "" {
		if err := heir(path, os.Getenv("LEDGER_SNAPSHOTS")); err != nil {
			fmt.Fprintln(os.Stderr, "heir:", err)
			os.Exit(1)
		}
		return
	}
	if path := os.Getenv("LEDGER_CHILD"); path != "" {
		if err := child(path, os.Getenv("LEDGER_ROUND"), os.Getenv("LEDGER_EARLY") != ""); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

var childOptions = ledger.Options{Warehouse: warehouse, MaxSize: 64 << 20, CheckpointEvery: 200, CommandWindow: 1 << 20}

// child appends from eight callers for ever, and says on standard output which
// commands were answered; early says it before asking.
func child(path, round string, early bool) error {
	l, err := ledger.Open(path, childOptions)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run(context.Background()) }()
	var out sync.Mutex
	say := func(id string) {
		out.Lock()
		defer out.Unlock()
		fmt.Println(id)
	}
	for caller := range 8 {
		go func() {
			for i := 0; ; i++ {
				c := stock.Command{ID: fmt.Sprintf("%s.%d.%d", round, caller, i), Movements: []stock.Movement{scanned(i), scanned(i + 1)}}
				if early {
					say(c.ID)
				}
				if _, err := l.Append(context.Background(), c); err != nil {
					return
				}
				if !early {
					say(c.ID)
				}
			}
		}()
	}
	return <-ended
}

// killRounds starts the child again and again on the same file, kills it after
// a random number of answers, and gives every command that was answered.
func killRounds(t *testing.T, path string, rounds int, early bool) []string {
	t.Helper()
	var answered []string
	for round := range rounds {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "LEDGER_CHILD="+path, fmt.Sprint("LEDGER_ROUND=", round))
		if early {
			cmd.Env = append(cmd.Env, "LEDGER_EARLY=1")
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		for n := 1 + rand.IntN(400); ; n-- {
			if n == 0 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			id, err := lines.ReadString('\n')
			if err == io.EOF {
				break // what was said before the kill has been read
			}
			answered = append(answered, strings.TrimSuffix(id, "\n"))
		}
		if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
			t.Fatalf("the child ended by itself: %v", err)
		}
	}
	return answered
}

// kept gives how many entries each command has in the file.
func kept(t *testing.T, l *ledger.Ledger) map[string]int {
	t.Helper()
	parts := make(map[string]int)
	for seq := stock.Seq(1); seq <= l.Position().Last; seq++ {
		e, err := l.Entry(seq)
		if err != nil {
			t.Fatal(err)
		}
		parts[e.Command]++
	}
	return parts
}

// said gives a command of the child by its id.
func said(id string) stock.Command {
	i, _ := strconv.Atoi(id[strings.LastIndexByte(id, '.')+1:])
	return stock.Command{ID: id, Movements: []stock.Movement{scanned(i), scanned(i + 1)}}
}

// Every command that was answered is in the file, whole and once. Of the others
// some are: whoever asks again with the same id gets the first receipt or a new
// one, and then it is there once too.
func TestAppend_SurvivesKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	const rounds = 10
	answered := killRounds(t, path, rounds, false)
	if report, err := ledger.Verify(t.Context(), path, nil); err != nil || !report.OK() {
		t.Fatalf("Verify = %+v, %v", report.Damages, err)
	}
	l, _ := open(t, path, childOptions)
	parts := kept(t, l)
	for id, n := range parts {
		if n != 2 {
			t.Errorf("command %s has %d entries, want 2", id, n)
		}
	}
	for _, id := range answered {
		if parts[id] == 0 {
			t.Errorf("command %s was answered and is lost", id)
		}
		delete(parts, id)
	}
	for id := range parts { // nobody was told of these
		if r, err := l.Append(t.Context(), said(id)); err != nil || !r.Replayed {
			t.Errorf("Append(%s) again = %+v, %v; want the first receipt", id, r, err)
		}
	}
	t.Logf("%d kills, %d commands answered, none lost; %d more are there that nobody was told of", rounds, len(answered), len(parts))
}

// The control: answers that do not wait for the commit are lost, and the same
// harness sees it.
func TestAppend_SurvivesKill_ControlAnswersEarly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	answered := killRounds(t, path, 5, true)
	l, _ := open(t, path, childOptions)
	parts, lost := kept(t, l), 0
	for _, id := range answered {
		if parts[id] == 0 {
			lost++
		}
	}
	if lost == 0 {
		t.Errorf("%d commands answered before their commit, and none was lost in 5 kills: the harness tells nothing", len(answered))
	}
	t.Logf("%d of %d commands answered early are lost", lost, len(answered))
}
