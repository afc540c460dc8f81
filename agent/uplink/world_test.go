package uplink_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/hub/ingest"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// world is a hub and its agents in one synctest bubble: the real MQTT broker,
// the real MQTT client, the real uplink and the real ingest, over net.Pipe.
type world struct {
	t      *testing.T
	net    *network
	store  *bookStore
	random *rand.Rand
	hub    *running
	desk   *ingest.Desk
	log    *slog.Logger
	mess   mess
}

func newWorld(t *testing.T) *world {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("LINK_LOG") != "" { // to see what a scenario does
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return &world{
		t: t, net: newNetwork(), store: newBookStore(), random: rand.New(rand.NewPCG(1, 2)),
		log: log, mess: mess{random: rand.New(rand.NewPCG(3, 4))},
	}
}

// running is something with a Run that the test can end.
type running struct {
	cancel context.CancelFunc
	group  *errgroup.Group
}

func run(t *testing.T, parts ...func(context.Context) error) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	g, ctx := errgroup.WithContext(ctx)
	for _, p := range parts {
		g.Go(func() error { return p(ctx) })
	}
	return &running{cancel, g}
}

func (r *running) stop(t *testing.T) {
	t.Helper()
	r.cancel()
	if err := r.group.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// startHub starts a hub on what is stored.
func (w *world) startHub() {
	w.t.Helper()
	b, err := broker.NewEmbedded(w.net.listen(), broker.DefaultConfig(), nil, w.log)
	if err != nil {
		w.t.Fatal(err)
	}
	w.desk, err = ingest.New(ingest.DefaultConfig(), w.store, messyCarrier{b, w}, nil, w.log)
	if err != nil {
		w.t.Fatal(err)
	}
	desk := w.desk
	w.hub = run(w.t, func(ctx context.Context) error { return b.Run(ctx, messyReceiver{desk, w}) }, desk.Run)
}

func (w *world) stopHub() { w.hub.stop(w.t) }

// agent is one warehouse's agent: a journal that outlives it, and a link.
type agent struct {
	w       *world
	id      stock.Warehouse
	journal *memJournal
	link    *uplink.Link
	process *running
}

func (w *world) newAgent(id stock.Warehouse) *agent {
	return &agent{w: w, id: id, journal: newMemJournal(byte(len(id) + int(id[len(id)-1])))}
}

func (a *agent) start() {
	a.w.t.Helper()
	a.startWith(uplink.Config{Brokers: []string{"tcp://hub:1883"}}, nil)
}

func (a *agent) startWith(cfg uplink.Config, r prometheus.Registerer) {
	a.w.t.Helper()
	cfg.Warehouse, cfg.Software, cfg.Dial = a.id, "test", a.w.net.dial
	link, err := uplink.New(cfg, a.journal, r, a.w.log)
	if err != nil {
		a.w.t.Fatal(err)
	}
	a.link = link
	a.process = run(a.w.t, link.Run)
}

func (a *agent) stop() { a.process.stop(a.w.t) }

// settled waits, at most d of virtual time, until the hub has all of the
// agents' entries, and checks that both sides agree about every cell.
func (w *world) settled(d time.Duration, agents ...*agent) {
	w.t.Helper()
	for end := time.Now().Add(d); ; time.Sleep(500 * time.Millisecond) {
		done := true
		for _, a := range agents {
			st, _ := w.store.Warehouse(a.id)
			done = done && st.Applied == a.journal.Position().Last && a.link.Status().State == uplink.Synced
		}
		if done {
			break
		}
		if time.Now().After(end) {
			for _, a := range agents {
				st, _ := w.store.Warehouse(a.id)
				w.t.Errorf("%s after %s: the hub has %d of %d entries; link %+v", a.id, d, st.Applied, a.journal.Position().Last, a.link.Status())
			}
			w.t.FailNow()
		}
	}
	for _, a := range agents {
		w.agree(a)
	}
}

// agree checks that hub and agent have the same history and the same levels.
func (w *world) agree(a *agent) {
	w.t.Helper()
	st, ok := w.store.Warehouse(a.id)
	if !ok {
		w.t.Fatalf("the hub does not know %s", a.id)
	}
	digest, last := a.journal.Digest()
	if st.Applied != last || st.Head != a.journal.Position().Head || st.Digest != digest.Root() {
		w.t.Errorf("%s: the hub is at %d with digest %x, the agent at %d with %x; heads equal: %t", a.id, st.Applied, st.Digest, last, digest.Root(), st.Head == a.journal.Position().Head)
	}
	if st.Divergence != nil || st.Quarantined != 0 {
		w.t.Errorf("%s: divergence %+v, %d set aside", a.id, st.Divergence, st.Quarantined)
	}
	if stored := a.journal.storedUpto(); stored > st.Applied {
		w.t.Errorf("%s: the agent believes %d stored, the hub has %d", a.id, stored, st.Applied)
	}
}

// network leads dials to whatever listens, and can be cut.
type network struct {
	mu      sync.Mutex
	to      *pipeListener
	cutOff  bool
	conns   []net.Conn
	newest  *hole
	blocked map[string]bool // hosts that do not exist
}

func newNetwork() *network { return &network{blocked: make(map[string]bool)} }

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "hub", Net: "pipe"} }

func (n *network) listen() *pipeListener {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.to = &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	return n.to
}

var errDown = errors.New("network is down")

func (n *network) dial(ctx context.Context, host string) (net.Conn, error) {
	n.mu.Lock()
	to, down := n.to, n.cutOff || n.blocked[host]
	n.mu.Unlock()
	if down || to == nil {
		return nil, errDown
	}
	near, far := net.Pipe()
	select {
	case to.conns <- far:
	case <-to.closed:
		return nil, errDown
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	h := &hole{Conn: near}
	n.conns = append(n.conns, far, h)
	n.newest = h
	return h, nil
}

// hole is a connection that can turn into a black hole: it stays open and
// swallows everything, both ways, as a firewall that lost its state does.
type hole struct {
	net.Conn
	black atomic.Bool
}

func (h *hole) Write(b []byte) (int, error) {
	if h.black.Load() {
		return len(b), nil
	}
	return h.Conn.Write(b)
}

func (h *hole) Read(b []byte) (int, error) {
	for {
		n, err := h.Conn.Read(b)
		if err != nil || !h.black.Load() {
			return n, err
		}
	}
}

// blacken turns the newest connection into a black hole.
func (n *network) blacken() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.newest.black.Store(true)
}

// cut drops every connection, and refuses new ones until mend.
func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cutOff = true
	for _, c := range n.conns {
		c.Close()
	}
	n.conns = nil
}

func (n *network) mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cutOff = false
}

// mess is what happens to frames between the broker and the two ends.
type mess struct {
	mu                          sync.Mutex
	lose, repeat, delay, damage float64 // how likely, each
	random                      *rand.Rand
	toHub                       func([]byte) bool // whether a frame may pass; nil lets all pass
}

// trouble changes what happens to frames.
func (w *world) trouble(change func(*mess)) {
	w.mess.mu.Lock()
	defer w.mess.mu.Unlock()
	change(&w.mess)
}

// through gives what becomes of a frame: how many copies, how late, and what
// they say.
func (w *world) through(frame []byte) (copies int, late time.Duration, out []byte) {
	m := &w.mess
	m.mu.Lock()
	defer m.mu.Unlock()
	copies, out = 1, frame
	if m.random.Float64() < m.lose {
		return 0, 0, nil
	}
	if m.random.Float64() < m.repeat {
		copies++
	}
	if m.random.Float64() < m.delay {
		late = time.Duration(m.random.Int64N(int64(4 * time.Second)))
	}
	if m.random.Float64() < m.damage {
		out = slices.Clone(frame)
		out[m.random.IntN(len(out))] ^= 1 << m.random.IntN(8)
	}
	return copies, late, out
}

func (w *world) pass(frame []byte, deliver func([]byte)) {
	copies, late, out := w.through(frame)
	for range copies {
		if late == 0 {
			deliver(out)
			continue
		}
		time.AfterFunc(late, func() { deliver(out) })
	}
}

type messyReceiver struct {
	next broker.Receiver
	w    *world
}

func (r messyReceiver) Frame(w stock.Warehouse, frame []byte) {
	r.w.mess.mu.Lock()
	stop := r.w.mess.toHub != nil && !r.w.mess.toHub(frame)
	r.w.mess.mu.Unlock()
	if stop {
		return
	}
	r.w.pass(frame, func(b []byte) { r.next.Frame(w, b) })
}

func (r messyReceiver) Presence(w stock.Warehouse, p wire.Presence) { r.next.Presence(w, p) }

type messyCarrier struct {
	next ingest.Carrier
	w    *world
}

func (c messyCarrier) Send(ctx context.Context, w stock.Warehouse, frame []byte) error {
	c.w.pass(frame, func(b []byte) { c.next.Send(ctx, w, b) })
	return nil
}

// memJournal is a ledger in memory: real hashes, real levels.
type memJournal struct {
	mu      sync.Mutex
	epoch   stock.Epoch
	entries [][]byte
	hashes  []stock.Hash
	sheet   stock.Sheet
	changed chan struct{}
	stored  stock.Seq
	down    stock.DownPosition
	items   map[stock.SKU]stock.Item
	applies int // down batches that were applied
}

func newMemJournal(id byte) *memJournal {
	e := stock.Epoch{id, 0xe}
	return &memJournal{epoch: e, hashes: []stock.Hash{stock.Genesis(e)}, changed: make(chan struct{}), items: make(map[stock.SKU]stock.Item)}
}

// receive books n pieces of goods coming in, one entry each.
func (j *memJournal) receive(tb testing.TB, n int) {
	tb.Helper()
	j.book(tb, n, "li")
}

// receiveOther books the same numbers with another content.
func (j *memJournal) receiveOther(tb testing.TB, n int) {
	tb.Helper()
	j.book(tb, n, "wang")
}

func (j *memJournal) book(tb testing.TB, n int, operator string) {
	tb.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for range n {
		seq := stock.Seq(len(j.entries) + 1)
		e := stock.Entry{Seq: seq, Command: fmt.Sprintf("c%d", seq), Movement: stock.Movement{
			Kind: stock.Receive, SKU: stock.SKU(fmt.Sprintf("sku-%d", seq%17)), Bin: stock.Bin(fmt.Sprintf("B-%d", seq%5)), Delta: int64(seq),
			Operator: operator, Station: "s1", Scan: []byte("]E06901234567892"),
		}}
		raw, err := wire.EncodeEntry(&e)
		if err != nil {
			tb.Fatal(err)
		}
		j.entries = append(j.entries, raw)
		j.hashes = append(j.hashes, j.hashes[len(j.hashes)-1].Next(raw))
		j.sheet.Apply(&e.Movement)
	}
	close(j.changed)
	j.changed = make(chan struct{})
}

// copyOf gives what a copied disk would hold.
func (j *memJournal) copyOf() *memJournal {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := newMemJournal(0)
	c.epoch, c.entries, c.hashes, c.down = j.epoch, slices.Clone(j.entries), slices.Clone(j.hashes), j.down
	for _, raw := range c.entries {
		if e, err := wire.DecodeEntry(raw); err == nil {
			c.sheet.Apply(&e.Movement)
		}
	}
	return c
}

func (j *memJournal) Position() stock.Position {
	j.mu.Lock()
	defer j.mu.Unlock()
	return stock.Position{Epoch: j.epoch, First: 1, Last: stock.Seq(len(j.entries)), Head: j.hashes[len(j.entries)]}
}

func (j *memJournal) Read(_ context.Context, after stock.Seq, maxEntries, maxBytes int) (stock.Batch, *uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := stock.Batch{From: after + 1, Prev: j.hashes[after]}
	for _, e := range j.entries[after:] {
		if len(b.Entries) == maxEntries || (maxBytes < len(e) && len(b.Entries) > 0) {
			break
		}
		maxBytes -= len(e)
		b.Entries = append(b.Entries, e)
	}
	if b.To() < stock.Seq(len(j.entries)) {
		return b, nil, nil
	}
	d := j.sheet.Digest()
	root := d.Root()
	return b, &root, nil
}

func (j *memJournal) HashAt(seq stock.Seq) (stock.Hash, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if int(seq) >= len(j.hashes) {
		return stock.Hash{}, errors.New("no such entry")
	}
	return j.hashes[seq], nil
}

func (j *memJournal) Changed() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.changed
}

func (j *memJournal) Stored(_ context.Context, upto stock.Seq) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stored = max(j.stored, upto)
	return nil
}

func (j *memJournal) storedUpto() stock.Seq {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stored
}

func (j *memJournal) ApplyDown(_ context.Context, b stock.DownBatch) (stock.DownPosition, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	at := j.down
	if at.Epoch != b.Epoch {
		at = stock.DownPosition{Epoch: b.Epoch}
	}
	if b.From > at.Applied+1 || b.To() <= at.Applied {
		return at, nil
	}
	for _, d := range b.Entries[at.Applied+1-b.From:] {
		if d.Item != nil {
			j.items[d.Item.SKU] = *d.Item
		}
	}
	at.Applied = b.To()
	j.down = at
	j.applies++
	return at, nil
}

func (j *memJournal) DownPosition() stock.DownPosition {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.down
}

func (j *memJournal) Digest() (stock.Digest, stock.Seq) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sheet.Digest(), stock.Seq(len(j.entries))
}

func (j *memJournal) CellsIn(buckets []int) ([]stock.Level, stock.Seq) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []stock.Level
	for sku := range j.sheet.SKUs() {
		for _, l := range j.sheet.Levels(sku) {
			if slices.Contains(buckets, l.Bucket()) {
				out = append(out, l)
			}
		}
	}
	return out, stock.Seq(len(j.entries))
}

// bookStore is the hub's store in memory: the real Book, and what it changed as
// rows, so that the hub can be restarted and set back to an older copy.
type bookStore struct {
	mu      sync.RWMutex
	book    *inventory.Book
	states  map[stock.Warehouse]inventory.WarehouseState
	downs   map[stock.Warehouse]inventory.DownState
	levels  map[stock.Warehouse]map[stock.SKU]inventory.Level
	items   map[stock.SKU]stock.Item
	changed chan struct{}
	latency time.Duration // of one Apply
	err     error         // what Apply fails with
	applies int
}

func newBookStore() *bookStore {
	s := &bookStore{changed: make(chan struct{})}
	s.reload(inventory.Changes{})
	return s
}

// reload makes the store what the rows say.
func (s *bookStore) reload(rows inventory.Changes) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book = inventory.NewBook(inventory.Config{AutoEnrol: true})
	s.states, s.downs = make(map[stock.Warehouse]inventory.WarehouseState), make(map[stock.Warehouse]inventory.DownState)
	s.levels, s.items = make(map[stock.Warehouse]map[stock.SKU]inventory.Level), make(map[stock.SKU]stock.Item)
	s.book.Load(&rows)
	s.show(&rows)
}

// backup gives a copy of everything that is stored.
func (s *bookStore) backup() inventory.Changes {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.book.Rows()
}

func (s *bookStore) show(c *inventory.Changes) {
	for _, st := range c.Warehouses {
		s.states[st.Warehouse] = st
	}
	for _, d := range c.Downs {
		s.downs[d.Warehouse] = d.DownState
	}
	for _, l := range c.Levels {
		if s.levels[l.Warehouse] == nil {
			s.levels[l.Warehouse] = make(map[stock.SKU]inventory.Level)
		}
		s.levels[l.Warehouse][l.SKU] = l
	}
	for _, it := range c.Items {
		s.items[it.SKU] = it.Item
	}
	if len(c.Downs) > 0 {
		close(s.changed)
		s.changed = make(chan struct{})
	}
}

func (s *bookStore) Apply(ctx context.Context, cmds ...inventory.Command) ([]inventory.Result, error) {
	s.mu.RLock()
	latency, err := s.latency, s.err
	s.mu.RUnlock()
	if latency > 0 {
		time.Sleep(latency)
	}
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applies++
	results, changes := s.book.Apply(time.Now(), cmds)
	s.show(&changes)
	return results, nil
}

func (s *bookStore) slow(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = d
}

func (s *bookStore) Warehouse(w stock.Warehouse) (inventory.WarehouseState, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	st, ok := s.states[w]
	st.Down = s.downs[w]
	return st, ok
}

func (s *bookStore) Levels(w stock.Warehouse, after stock.SKU, n int) []inventory.Level {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var skus []stock.SKU
	for sku := range s.levels[w] {
		if sku > after {
			skus = append(skus, sku)
		}
	}
	slices.Sort(skus)
	var out []inventory.Level
	for _, sku := range skus[:min(n, len(skus))] {
		out = append(out, s.levels[w][sku])
	}
	return out
}

func (s *bookStore) Down(w stock.Warehouse, after stock.Seq, n int) stock.DownBatch {
	s.mu.RLock()
	defer s.mu.RUnlock()
	d := s.downs[w]
	b := stock.DownBatch{Epoch: d.Epoch, From: after + 1}
	if after < d.Stored || after >= d.Last() {
		return b
	}
	for _, k := range d.Pending[after-d.Stored:] {
		if len(b.Entries) == n {
			break
		}
		it := s.items[k.Item]
		b.Entries = append(b.Entries, stock.Down{Item: &it})
	}
	return b
}

func (s *bookStore) DownChanged() <-chan struct{} {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.changed
}

// bubble runs a scenario in virtual time.
func bubble(t *testing.T, scenario func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		scenario(newWorld(t))
		time.Sleep(time.Minute) // what the MQTT libraries left behind ends
	})
}
