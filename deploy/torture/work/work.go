// Package work is the warehouse's work under torture: a program that books
// commands into a ledger and says which ones were acknowledged, and the check
// of what is left of it after a crash.
//
// It promises that the n-th command is the same in every run, so that whoever
// restarts it can ask again with the same id.
package work

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Warehouse is whose ledger is tortured.
const Warehouse = stock.Warehouse("torture-01")

// Work is something that books commands and can be asked afterwards what is
// left of them: Ledger, Hub and Notebook.
type Work interface {
	// Env gives the variables that make a process with Child in it book
	// commands into what is at path, and say which ones are saved.
	Env(path string, first, count int) []string
	// Check looks for the promises after a crash: everything acknowledged is
	// there exactly once, nothing is there in part, and the command after the
	// last acknowledged one, asked again, is there exactly once. It gives that
	// command as if it had been acknowledged. At most inFlight commands may be
	// there that nobody was told of.
	Check(ctx context.Context, path string, saved []Saved, inFlight int) (Report, error)
}

// Saved is a command that was said to be saved.
type Saved struct {
	N        int
	From, To stock.Seq // its entries
}

// Report is what was found after a crash.
type Report struct {
	Ahead     int           // commands that nobody was told of: a crash between commit and answer
	Reopening time.Duration // until it could be used; 0 when it never could
	Again     Saved         // the command that was asked again
}

// Acknowledged reads what a program under torture printed. A last line that
// was cut short is not an acknowledgement.
func Acknowledged(stdout string) []Saved {
	var out []Saved
	lines := strings.Split(stdout, "\n")
	for _, line := range lines[:len(lines)-1] {
		var s Saved
		if n, err := fmt.Sscanf(line, "saved %d %d %d", &s.N, &s.From, &s.To); err == nil && n == 3 {
			out = append(out, s)
		}
	}
	return out
}

// next gives the number of the command after the last acknowledged one.
func next(saved []Saved) int {
	n := 0
	for _, s := range saved {
		n = max(n, s.N+1)
	}
	return n
}

// variable tells a process that it is the one under torture: the kind of work,
// its path, the number of the first command, and how many to book.
const variable = "FORESTOCK_TORTURE_WORK"

func env(kind, path string, first, count int) []string {
	return []string{fmt.Sprintf("%s=%s|%s|%d|%d", variable, kind, path, first, count)}
}

// Child does the work and exits when this process was started for it. Call it
// first thing in main or TestMain.
func Child() {
	spec := strings.Split(os.Getenv(variable), "|")
	if len(spec) != 4 {
		return
	}
	first, err1 := strconv.Atoi(spec[2])
	count, err2 := strconv.Atoi(spec[3])
	if err := errors.Join(err1, err2); err != nil {
		fmt.Fprintln(os.Stderr, variable+":", err)
		os.Exit(2)
	}
	do := map[string]func(context.Context, string, int, int, io.Writer) error{"ledger": bookLedger, "hub": bookHub, "notebook": bookNotebook, "examine hub": examineHub}[spec[0]]
	if err := do(context.Background(), spec[1], first, count, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	os.Exit(0)
}
