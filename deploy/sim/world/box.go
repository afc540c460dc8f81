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

	// What follows is of tend alone.
	path   string  // of the ledger's file
	lives  int     // shifts so far
	fate   order   // what the disk suffers before the next shift
	images []image // of the disk, for when it goes back to one of them

	mu   sync.Mutex
	life *boxLife      // guarded by mu; nil while no program runs
	up   chan struct{} // guarded by mu; closed when one starts
}

// order is what fate has for a box.
type order int

// The orders.
const (
	kill     order = iota // the program ends at once
	powerCut              // and so does the computer
	rollBack              // and then the disk is as it once was
	loseDisk              // and then the disk is another one
	damage                // and then some of the disk is rubbish
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

	damaged chan error // holds the first error that says that the ledger is damaged

	doomed atomic.Bool   // the power fails during the next commit
	fallen chan struct{} // closed when it has
	image  []byte        // what the file is then
}

func newBox(w *World, number int) *box {
	id := stock.Warehouse(fmt.Sprintf("wh-%d", number))
	b := &box{
		w: w, id: id, number: number, line: w.net.Line(string(id), number), orders: make(chan order, 1),
		path: filepath.Join(w.dir, string(id), "ledger-0.db"), up: make(chan struct{}),
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
		if err := b.process(ctx); err != nil {
			b.w.breach(string(b.id), "%v", err)
			return
		}
	}
}

// process is one run of the agent's program: as many shifts as there are ledgers
// in it, which follow each other as in agent/agentd.
func (b *box) process(ctx context.Context) error {
	who, err := uplink.NewBox()
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		l, err := b.start(who)
		if err == nil {
			b.set(l)
			b.wait(ctx, l)
			err = l.end()
		}
		switch {
		case errors.Is(err, ledger.ErrDamaged):
			err = b.restore(ctx, err)
		case errors.Is(err, uplink.ErrRebirth):
			err = b.rebirth(ctx, err)
		default:
			return err
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *box) options() ledger.Options {
	return ledger.Options{Warehouse: b.id, MaxSize: 8 << 20, NoPreallocate: true, CheckpointEvery: 150, Log: b.w.log}
}

// start begins a shift on what the disk holds.
func (b *box) start(who *uplink.Box) (*boxLife, error) {
	book, err := ledger.Open(b.path, b.options())
	if err != nil {
		return nil, err
	}
	l := &boxLife{box: b, path: b.path, plug: b.line.Plug(), ledger: book, fallen: make(chan struct{}), damaged: make(chan error, 1)}
	l.link, err = uplink.New(uplink.Config{
		Warehouse: b.id, Brokers: []string{"tcp://hub:1883"}, Software: "sim", Dial: l.plug.Dial, Random: b.w.dice.Float(string(b.id)), Box: who,
	}, journal{agentd.NewJournal(book, b.w.log, l.hurt), l}, nil, b.w.log)
	if err != nil {
		return nil, errors.Join(err, book.Close())
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.group, l.ctx = errgroup.WithContext(l.ctx)
	for _, part := range []func(context.Context) error{book.Run, l.link.Run, l.watch} {
		l.group.Go(func() error { return part(l.ctx) })
	}
	b.lives++
	at := book.Position()
	b.tell("shift %d begins with entry %d of ledger %.4s, of which the hub lacks %d", b.lives, at.Last, at.Epoch, book.Unsent())
	return l, b.remember(at)
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
		l.plug.Pull(o != kill)
		b.fate = o
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
		b.tell("shift %d ends by itself", b.lives)
		return
	}
	// The old program still closes its own file while the next one is made.
	old := b.path
	b.path = filepath.Join(filepath.Dir(old), fmt.Sprintf("ledger-%d.db", b.lives))
	b.w.must(b.id, errors.Join(os.Remove(old), b.hurt(l.image)))
}

// String says what happens to the box.
func (o order) String() string {
	return [...]string{"killed", "power cut", "power cut, and the disk goes back", "power cut, and the disk is lost", "power cut, and the disk is damaged"}[o]
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

// hurt takes note that the ledger is damaged.
func (l *boxLife) hurt(err error) {
	select {
	case l.damaged <- err:
	default: // it is known already
	}
}

// watch ends the shift when the ledger is damaged.
func (l *boxLife) watch(ctx context.Context) error {
	select {
	case err := <-l.damaged:
		return err
	case <-ctx.Done():
		return nil
	}
}

// end ends the shift. A ledger that stopped by itself has said why, and that is
// in order.
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
