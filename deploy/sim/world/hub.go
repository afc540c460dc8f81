package world

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/deploy/sim/line"
	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/hub/ingest"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/proto/stock"
)

// hub is the hub as those see it who promise nothing: a disk, and a program
// that lives on it now and then.
type hub struct {
	w      *World
	disk   *store.Disk
	folder string
	lives  int // programs so far
	copies int // folders restored so far
	backed int // backups made so far

	mu      sync.Mutex
	life    *hubLife // guarded by mu; nil while no program runs
	changes bool     // guarded by mu; some warehouse is changing its ledger
	backups []string // guarded by mu; that know the ledgers which boxes have now

	promises promises
}

// hubLife is one run of the hub's program.
type hubLife struct {
	port   *line.Port
	store  *store.Pebble
	broker *broker.Embedded
	desk   *ingest.Desk
	cancel context.CancelFunc
	group  *errgroup.Group
	fallen chan struct{} // closed when the power went in the middle of a write
	left   *store.Disk   // what is on the disk then
}

func newHub(w *World) *hub {
	h := &hub{w: w, disk: store.NewDisk(), folder: "hub-0"}
	h.promises.hub = h
	if w.options.Defect == HubAnswersBeforeSync {
		h.disk.Bluff()
	}
	return h
}

func (h *hub) options() store.Options {
	return store.Options{Disk: h.disk, Book: inventory.Config{AutoEnrol: true}, Log: h.w.log, CacheBytes: 1 << 20, MemTableBytes: 256 << 10}
}

// start starts the program, and holds what it finds on its disk against what
// was promised.
func (h *hub) start() error {
	s, err := store.Open(h.folder, h.options())
	if err != nil {
		return err
	}
	h.promises.check(s)
	l := &hubLife{store: s, port: h.w.net.Listen(), fallen: make(chan struct{})}
	if l.broker, err = broker.NewEmbedded(l.port, broker.DefaultConfig(), nil, h.w.log); err != nil {
		return err
	}
	cfg := ingest.DefaultConfig()
	cfg.Random = h.w.dice.Float("hub")
	if l.desk, err = ingest.New(cfg, s, h.w.air.down(l), nil, h.w.log); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	l.group, ctx = errgroup.WithContext(ctx)
	for _, part := range []func(context.Context) error{
		s.Run, l.desk.Run, func(ctx context.Context) error { return l.broker.Run(ctx, h.w.air.up()) },
	} {
		l.group.Go(func() error { return part(ctx) })
	}
	h.lives++
	h.set(l)
	h.w.story.tell("hub", "program %d starts in %s", h.lives, h.folder)
	h.w.shop.check(s) // only now: the store looks for a reservation where it writes
	return nil
}

func (h *hub) set(l *hubLife) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.life = l
}

// now gives the program that runs; nil when none does.
func (h *hub) now() *hubLife {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.life
}

// stop ends the program in order.
func (h *hub) stop() error {
	l := h.now()
	h.set(nil)
	return l.end()
}

// kill ends the program at once; what it wrote stays written.
func (h *hub) kill() error {
	l := h.now()
	h.set(nil)
	l.port.Pull(false)
	h.rest()
	return l.end()
}

// powerCut ends the program and takes away what was not synced.
func (h *hub) powerCut() error {
	l := h.now()
	h.set(nil)
	l.port.Pull(true)
	return h.reboot(l, h.disk.PowerCut(false))
}

// reboot ends a program whose power is gone, on what is left of its disk.
func (h *hub) reboot(l *hubLife, left *store.Disk) error {
	h.rest()
	err := l.end()
	h.disk = left
	if h.w.options.Defect == HubAnswersBeforeSync {
		h.disk.Bluff()
	}
	return err
}

// failPower cuts the power right before the n-th sync from now; when the hub is
// lucky, what was written is on the disk all the same.
func (h *hub) failPower(n int, lucky bool) *hubLife {
	l := h.now()
	disk := h.disk
	disk.BeforeSync(n, func() {
		h.set(nil)
		l.left = disk.PowerCut(lucky)
		l.port.Pull(true)
		close(l.fallen)
	})
	return l
}

// spare takes back a power cut that has not come.
func (h *hub) spare() { h.disk.BeforeSync(0, nil) }

// rest lets happen what the end of its lines does to a program, before it is
// told to end.
func (h *hub) rest() { pause(h.w.ctx, time.Millisecond, faultMoment) }

func (l *hubLife) end() error {
	l.cancel()
	return errors.Join(l.group.Wait(), l.store.Close())
}

// backUp copies the running store.
func (h *hub) backUp() error {
	h.backed++
	name := fmt.Sprintf("b%d", h.backed)
	if _, err := h.now().store.Backup("backups", name, "sim"); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.changes {
		h.backups = append(h.backups, "backups/"+name)
	}
	return nil
}

// good gives the backups that the hub can be set back to.
func (h *hub) good() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.backups
}

// spoil gives up the backups, and those that are made until all is quiet: a hub
// that is set back to before a ledger was replaced knows a ledger that is lost.
func (h *hub) spoil() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changes, h.backups = true, nil
}

// settled notes that the hub knows every ledger.
func (h *hub) settled() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changes = false
}

// restore puts an older copy in the place of the stopped hub's data.
func (h *hub) restore(backup string) error {
	h.copies++
	folder := fmt.Sprintf("hub-%d", h.copies)
	if _, err := store.Restore(backup, folder, h.options()); err != nil {
		return err
	}
	h.folder = folder
	h.promises.forget()
	return nil
}

// promises is what the hub has told others that it has stored.
type promises struct {
	hub *hub

	mu     sync.Mutex
	stored map[stock.Warehouse]promise // guarded by mu
	items  map[stock.SKU]stock.Item    // guarded by mu; as last confirmed to the office
	void   bool                        // guarded by mu; the hub was restored, so the next check only reads
}

type promise struct {
	epoch stock.Epoch
	upto  stock.Seq
}

// to gives what was promised about a ledger.
func (p *promises) to(w stock.Warehouse, epoch stock.Epoch) stock.Seq {
	p.mu.Lock()
	defer p.mu.Unlock()
	if told := p.stored[w]; told.epoch == epoch && !p.void {
		return told.upto
	}
	return 0
}

// made notes a promise about entries.
func (p *promises) made(w stock.Warehouse, epoch stock.Epoch, upto stock.Seq) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.stored[w]; old.epoch != epoch || old.upto < upto {
		p.stored[w] = promise{epoch, upto}
	}
}

// confirmed notes a promise about the catalogue.
func (p *promises) confirmed(items []stock.Item) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range items {
		p.items[items[i].SKU] = items[i]
	}
}

// forget lets the hub off: it was set back to an older copy.
func (p *promises) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.void = true
	p.hub.w.shop.forget()
}

// check holds a store that was just opened against the promises.
func (p *promises) check(s *store.Pebble) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stored == nil || p.void {
		p.stored, p.items, p.void = make(map[stock.Warehouse]promise), make(map[stock.SKU]stock.Item), false
		return
	}
	for _, b := range p.hub.w.boxes {
		told, ok := p.stored[b.id]
		if !ok {
			continue
		}
		if st, _ := s.Warehouse(b.id); st.Box.Epoch == told.epoch && st.Applied < told.upto {
			p.hub.w.breach("hub", "told %s that it has stored entry %d, and has %d after its restart", b.id, told.upto, st.Applied)
		}
	}
	p.checkItems(s)
}

func (p *promises) checkItems(s *store.Pebble) {
	for _, want := range p.items {
		if got, ok := s.Item(want.SKU); !ok || got.Price < want.Price {
			p.hub.w.breach("hub", "confirmed price %d of %s to the office, and has %d after its restart", want.Price, want.SKU, got.Price)
		}
	}
}
