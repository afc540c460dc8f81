package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/deploy/sim/line"
	"github.com/forestock/forestock/proto/stock"
)

// box is the computer of one warehouse: a disk with a ledger, a line, and a
// program that is started again whenever it ended.
type box struct {
	w      *World
	id     stock.Warehouse
	number int
	line   *line.Line
	staff  *staff
	orders chan order // at most one waits

	path  string // of the ledger's file; of tend alone, like lives
	lives int    // programs so far

	mu   sync.Mutex
	life *boxLife      // guarded by mu; nil while no program runs
	up   chan struct{} // guarded by mu; closed when one starts
}

// order is what fate has for a box.
type order int

const (
	kill     order = iota // the program ends at once
	powerCut              // and so does the computer
)

// boxLife is one run of the agent's program.
type boxLife struct {
	box    *box
	path   string // of the ledger's file
	plug   *line.Plug
	ledger *ledger.Ledger
	link   *uplink.Link
	ctx    context.Context //nolint:containedctx // the program's lifetime, which ends the calls of the staff too
	cancel context.CancelFunc
	group  *errgroup.Group
	disk   swapped

	doomed atomic.Bool   // the power fails during the next commit
	fallen chan struct{} // closed when it has
	image  []byte        // what the file is then
	began  []byte        // what it was when the program started; kept for a defect only
}

func newBox(w *World, number int) *box {
	id := stock.Warehouse(fmt.Sprintf("wh-%d", number))
	b := &box{
		w: w, id: id, number: number, line: w.net.Line(string(id), number), orders: make(chan order, 1),
		path: filepath.Join(w.dir, string(id)+"-0.db"), up: make(chan struct{}),
	}
	b.staff = newStaff(b)
	return b
}

func (b *box) tell(format string, args ...any) { b.w.story.tell(string(b.id)+" box", format, args...) }

// now gives the program that runs, or a channel that is closed when one does.
func (b *box) now() (*boxLife, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.life, b.up
}

func (b *box) set(l *boxLife) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.life = l
	if l != nil {
		close(b.up)
		b.up = make(chan struct{})
	}
}

// order gives the box an order, unless one is still waiting.
func (b *box) order(o order) {
	select {
	case b.orders <- o:
	default:
	}
}

// tend starts the program, and starts it again whatever ends it.
func (b *box) tend(ctx context.Context) {
	rest := b.w.dice.Of("tend " + string(b.id))
	for pause(ctx, time.Duration(rest.Int64N(int64(5*time.Second))), tenderMoments+b.number) {
		l, err := b.start()
		if err != nil {
			b.w.breach(string(b.id), "does not start again: %v", err)
			return
		}
		b.set(l)
		b.wait(ctx, l)
		if err := l.end(); err != nil {
			b.w.breach(string(b.id), "does not end in order: %v", err)
			return
		}
	}
}

// start starts the program on what the disk holds.
func (b *box) start() (*boxLife, error) {
	book, err := ledger.Open(b.path, ledger.Options{Warehouse: b.id, MaxSize: 8 << 20, NoPreallocate: true, CheckpointEvery: 150, Log: b.w.log})
	if err != nil {
		return nil, err
	}
	l := &boxLife{box: b, path: b.path, plug: b.line.Plug(), ledger: book, fallen: make(chan struct{})}
	l.link, err = uplink.New(uplink.Config{
		Warehouse: b.id, Brokers: []string{"tcp://hub:1883"}, Software: "sim", Dial: l.plug.Dial, Random: b.w.dice.Float(string(b.id)),
	}, journal{agentd.NewJournal(l.ledger, b.w.log, func(error) {}), l}, nil, b.w.log)
	if err != nil {
		return nil, errors.Join(err, book.Close())
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.group, l.ctx = errgroup.WithContext(l.ctx)
	l.group.Go(func() error { return book.Run(l.ctx) })
	l.group.Go(func() error { return l.link.Run(l.ctx) })
	if b.w.options.Defect == DiskForgetsCommits {
		if l.began, err = os.ReadFile(b.path); err != nil {
			return nil, err
		}
	}
	b.lives++
	b.tell("program %d starts with entry %d, of which the hub lacks %d", b.lives, book.Position().Last, book.Unsent())
	return l, nil
}

// wait waits until something ends the program, and leaves the file as it was
// at that moment.
func (b *box) wait(ctx context.Context, l *boxLife) {
	select {
	case <-ctx.Done():
		b.set(nil)
		return
	case <-l.ctx.Done(): // it ended by itself, because it does not trust its file any more
	case <-l.fallen:
	case o := <-b.orders:
		b.tell("%s", o)
		l.plug.Pull(o == powerCut)
		image, err := os.ReadFile(b.path)
		b.w.must(b.id, err)
		l.image = image
	}
	// From now on nobody asks it anything. What the end of its lines does to it
	// happens before it is told to end.
	b.set(nil)
	l.doomed.Store(false)
	pause(ctx, time.Millisecond, tenderMoments+b.number)
	if l.fell() {
		b.tell("power cut in the middle of a commit")
	}
	if l.image == nil {
		b.tell("program %d ends by itself", b.lives)
		return
	}
	if b.w.options.Defect == DiskForgetsCommits {
		l.image = l.began
	}
	// The old program still closes its own file while the next one is made.
	old := b.path
	b.path = filepath.Join(b.w.dir, fmt.Sprintf("%s-%d.db", b.id, b.lives))
	b.w.must(b.id, errors.Join(os.WriteFile(b.path, l.image, 0o600), os.Remove(old)))
}

// String says what happens to the box.
func (o order) String() string {
	if o == powerCut {
		return "power cut"
	}
	return "killed"
}

// fell reports whether the power failed in the middle of a commit.
func (l *boxLife) fell() bool {
	select {
	case <-l.fallen:
		return true
	default:
		return false
	}
}

// end ends the program. A ledger that stopped by itself has said why, and
// that is in order.
func (l *boxLife) end() error {
	l.cancel()
	err := l.group.Wait()
	if errors.Is(err, ledger.ErrBroken) {
		l.box.tell("%v", err)
		err = nil
	}
	return errors.Join(err, l.disk.back(), l.ledger.Close())
}

// errPower is what a caller gets, or rather does not get, when the power failed.
var errPower = errors.New("power failed")

// commit runs something that writes to the ledger once. When the box is doomed
// the power fails in the middle of it.
func (l *boxLife) commit(write func() error) error {
	if !l.doomed.CompareAndSwap(true, false) {
		return write()
	}
	before, err := os.ReadFile(l.path)
	if err != nil {
		return err
	}
	commits := l.ledger.Status().Commits
	l.plug.Pull(true)
	if err := write(); err != nil {
		l.box.tell("the last commit was none: %v", err)
	}
	after, err := os.ReadFile(l.path)
	if err != nil {
		return err
	}
	dice := l.box.w.dice.Now("torn " + string(l.box.id))
	l.image = torn(before, after, l.ledger.Status().Commits-commits == 1, dice)
	close(l.fallen)
	return errPower
}

// append books a command, unless the power fails.
func (l *boxLife) append(c stock.Command) (receipt stock.Receipt, err error) {
	err = l.commit(func() error {
		receipt, err = l.ledger.Append(l.ctx, c)
		return err
	})
	return receipt, err
}
