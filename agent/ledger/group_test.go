package ledger_test

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// queued gives commands to a ledger that does not run yet, lets it run when all
// wait, and returns the answers: what waits together is one commit.
func queued(t *testing.T, commands []stock.Command) (*ledger.Ledger, []stock.Receipt, []error) {
	t.Helper()
	l, err := ledger.Open(filepath.Join(t.TempDir(), "ledger.db"), small)
	if err != nil {
		t.Fatal(err)
	}
	receipts, errs := make([]stock.Receipt, len(commands)), make([]error, len(commands))
	done := make(chan struct{})
	for i, c := range commands {
		go func() {
			receipts[i], errs[i] = l.Append(context.Background(), c)
			done <- struct{}{}
		}()
		for l.Waiting() <= i {
			runtime.Gosched()
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, l.Close()); err != nil {
			t.Errorf("end: %v", err)
		}
	})
	for range commands {
		<-done
	}
	return l, receipts, errs
}

func TestAppend_SharesOneCommitAmongThoseWhoWait(t *testing.T) {
	var commands []stock.Command
	for i := range 100 {
		commands = append(commands, stock.Command{ID: strconv.Itoa(i), Movements: []stock.Movement{receive("milk", 1)}})
	}
	l, receipts, errs := queued(t, commands)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for i, r := range receipts {
		if want := (stock.Receipt{From: stock.Seq(i + 1), To: stock.Seq(i + 1)}); r != want {
			t.Errorf("receipt %d = %+v, want %+v", i, r, want)
		}
	}
	if got := l.Status().Commits; got != 1 {
		t.Errorf("100 commands that waited together took %d commits, want 1", got)
	}
}

func TestAppend_OneAfterTheOtherCommitsEach(t *testing.T) { // the control of the test above
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
	for i := range 10 {
		if _, err := l.Append(t.Context(), stock.Command{ID: strconv.Itoa(i), Movements: []stock.Movement{receive("milk", 1)}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := l.Status().Commits; got != 10 {
		t.Errorf("10 commands took %d commits, want 10", got)
	}
}

func TestAppend_SameIDTwiceInOneCommitIsBookedOnce(t *testing.T) {
	c := stock.Command{ID: "twice", Movements: []stock.Movement{receive("milk", 1), receive("egg", 2)}}
	other := stock.Command{ID: "twice", Movements: []stock.Movement{receive("milk", 5)}}
	l, receipts, errs := queued(t, []stock.Command{c, c, other})
	if first := (stock.Receipt{From: 1, To: 2}); errs[0] != nil || receipts[0] != first {
		t.Errorf("first = %+v, %v; want %+v", receipts[0], errs[0], first)
	}
	if second := (stock.Receipt{From: 1, To: 2, Replayed: true}); errs[1] != nil || receipts[1] != second {
		t.Errorf("second = %+v, %v; want %+v", receipts[1], errs[1], second)
	}
	if !errors.Is(errs[2], ledger.ErrCommandReused) {
		t.Errorf("same id with other content = %v, want ErrCommandReused", errs[2])
	}
	if got := l.Position().Last; got != 2 {
		t.Errorf("%d entries, want 2", got)
	}
}

func TestAppend_OneRefusalLeavesTheRestOfTheCommitAlone(t *testing.T) {
	bad := stock.Command{ID: "bad", Movements: []stock.Movement{receive("milk", 1), {Kind: stock.Undo, Undoes: 99}}}
	good := stock.Command{ID: "good", Movements: []stock.Movement{receive("milk", 1)}}
	l, receipts, errs := queued(t, []stock.Command{bad, good})
	if !errors.Is(errs[0], ledger.ErrUndo) || errs[1] != nil || receipts[1].From != 1 {
		t.Errorf("bad = %v, good = %+v, %v", errs[0], receipts[1], errs[1])
	}
	if got := l.Position().Last; got != 1 {
		t.Errorf("%d entries, want 1", got)
	}
}

func TestAppend_UndoesOnceAlsoWithinOneCommit(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
	undo := stock.Movement{Kind: stock.Undo, Undoes: 1}
	if _, err := l.Append(t.Context(), stock.Command{ID: "a", Movements: []stock.Movement{receive("milk", 1)}}); err != nil {
		t.Fatal(err)
	}
	_, err := l.Append(t.Context(), stock.Command{ID: "b", Movements: []stock.Movement{undo, undo}})
	refused, ok := errors.AsType[*ledger.UndoError](err)
	if !ok || refused.Seq != 1 || refused.By != 2 {
		t.Errorf("undo twice in one command = %v, want an UndoError of entry 1 by 2", err)
	}
	if got := l.Position().Last; got != 1 {
		t.Errorf("%d entries, want 1", got)
	}
}

// A scan that comes alone dirties the root page and the meta page, however much
// else the file holds; only every dozenth also moves the heads into the journal.
func TestAppend_OfOneScanWritesTwoPages(t *testing.T) {
	path, _, _ := filled(t, 1000)
	l, _ := open(t, path, small)
	if err := l.Stored(t.Context(), l.Position().Last); err != nil {
		t.Fatal(err)
	}
	const scans = 60
	two, before := 0, l.Status().WrittenBytes
	for i := range scans {
		had := l.Status().WrittenBytes
		if _, err := l.Append(t.Context(), command("one", i)); err != nil {
			t.Fatal(err)
		}
		if l.Status().WrittenBytes-had == 2*4096 {
			two++
		}
	}
	mean := (l.Status().WrittenBytes - before) / scans
	if two < scans*8/10 || mean > 11<<10 {
		t.Errorf("%d of %d scans wrote two pages, and %d bytes each on the average", two, scans, mean)
	}
}
