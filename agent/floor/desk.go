package floor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

// Ledger books commands. It answers when they are on disk.
type Ledger interface {
	Append(context.Context, stock.Command) (stock.Receipt, error)
}

// Config is one station.
type Config struct {
	// Station names it, in every movement: 1 to 32 bytes of text.
	Station string
	Rules   Rules
	// Labels say what codes mean; see DefaultLabels.
	Labels barcode.Config
	// Zone decides which day it is.
	Zone *time.Location
	// Explain tells why the ledger did not save: DiskFull, LedgerStopped,
	// LedgerUnsure or LedgerRefused.
	Explain func(error) Reason
	// Print prints a label, and does not wait for the printer; nil where there is
	// none and labels are only shown.
	Print func(Label)
	// Hall is shared by the stations of a warehouse; nil for a station alone.
	Hall *Hall
}

// DefaultLabels reads the labels of a shop's own scale, EAN-13 with prefix 20
// to 29: five digits of item number, five of grams.
func DefaultLabels() barcode.Config {
	return barcode.Config{Patterns: []barcode.Pattern{{Layout: "2.IIIIIWWWWWC"}}}
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if c.Station == "" || len(c.Station) > 32 {
		return fmt.Errorf("station %q: want a name of 1 to 32 bytes", c.Station)
	}
	if err := stock.CheckText(c.Station); err != nil {
		return fmt.Errorf("station: %w", err)
	}
	if c.Zone == nil || c.Explain == nil {
		return fmt.Errorf("station %s: needs a time zone and a way to explain errors", c.Station)
	}
	if err := c.Rules.Validate(); err != nil {
		return fmt.Errorf("station %s: %w", c.Station, err)
	}
	return nil
}

// Desk is one station at work. Its methods may be called from any goroutine.
type Desk struct {
	cfg     Config
	codes   barcode.Rules
	book    Records
	hall    *Hall
	ledger  Ledger
	log     *slog.Logger
	metrics metrics

	queue    chan job
	dropped  atomic.Int64 // scans that found the queue full, since the last step
	boot     string
	number   atomic.Uint64
	audience audience

	state  State  // owned by Run
	recent recent // owned by Run
}

// job is an input that waits its turn.
type job struct {
	in    Input
	since time.Time
	reply chan Answer // nil when nobody waits
}

// waiting is how many inputs a station keeps while the ledger is busy: minutes
// of the fastest scanning.
const waiting = 1024

// NewDesk makes a station; Run starts it.
func NewDesk(cfg Config, book Records, ledger Ledger, reg prometheus.Registerer, log *slog.Logger) (*Desk, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	codes, err := barcode.NewRules(cfg.Labels)
	if err != nil {
		return nil, fmt.Errorf("station %s: %w", cfg.Station, err)
	}
	var boot [6]byte
	rand.Read(boot[:])
	d := &Desk{
		cfg: cfg, codes: codes, book: book, hall: cfg.Hall, ledger: ledger, log: log.With("station", cfg.Station),
		queue: make(chan job, waiting), boot: hex.EncodeToString(boot[:]), state: New(cfg.Station),
	}
	if d.hall == nil {
		d.hall = NewHall()
	}
	d.metrics, err = newMetrics(cfg.Station, reg)
	if err != nil {
		return nil, fmt.Errorf("station %s: %w", cfg.Station, err)
	}
	d.show(d.step(Tick{}))
	return d, nil
}

// Run takes inputs in the order in which they arrived, until ctx ends. Run it once.
func (d *Desk) Run(ctx context.Context) error {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case j := <-d.queue:
			d.overflow()
			d.do(ctx, j)
		case <-second.C:
			d.overflow()
			d.show(d.step(Tick{}))
		}
	}
}

// Take queues what a device sent. It never blocks: when too much waits, a
// weight is dropped in silence and a scan is counted and shown in red, so that
// somebody scans it again. It gives a command id to inputs without one.
func (d *Desk) Take(in Input) {
	select {
	case d.queue <- job{in: d.named(in), since: time.Now()}:
	default:
		if _, scan := in.(Scan); scan {
			d.dropped.Add(1)
		}
	}
}

// Code reads what a scanner sent, for Take.
func (d *Desk) Code(device string, s barcode.Symbol, raw []byte) Scan {
	return NewScan(d.codes, "", device, s, raw)
}

// Ask queues an input and waits for what became of it, for callers that need an
// answer. The same id again, of the newest 256, gives the first answer.
func (d *Desk) Ask(ctx context.Context, in Input) (Answer, error) {
	j := job{in: d.named(in), since: time.Now(), reply: make(chan Answer, 1)}
	select {
	case d.queue <- j:
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("ask station %s: %w", d.cfg.Station, ctx.Err())
	}
	select {
	case a := <-j.reply:
		return a, nil
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("ask station %s: %w", d.cfg.Station, ctx.Err())
	}
}

// named gives an input its command id: one that no other run of this program
// gives.
func (d *Desk) named(in Input) Input {
	id := func(given string) string {
		if given != "" {
			return given
		}
		return fmt.Sprintf("%s-%s-%d", d.cfg.Station, d.boot, d.number.Add(1))
	}
	switch in := in.(type) {
	case Scan:
		in.ID = id(in.ID)
		return in
	case Repeat:
		in.ID = id(in.ID)
		return in
	case Press:
		in.ID = id(in.ID)
		return in
	case Weight:
		in.ID = id(in.ID)
		return in
	}
	return in
}

func (d *Desk) overflow() {
	if n := d.dropped.Swap(0); n > 0 {
		d.metrics.dropped.Add(float64(n))
		d.show(d.step(Overflow{Scans: int(n)}))
	}
}

// do carries one input to its end, through the ledger if it gives a command.
func (d *Desk) do(ctx context.Context, j job) {
	id := idOf(j.in)
	if j.reply != nil {
		if a, again := d.recent.find(id); again {
			j.reply <- a
			return
		}
	}
	effect := d.step(j.in)
	var receipt *stock.Receipt
	if effect.Command != nil {
		if effect.Sound != Silence {
			d.show(effect) // what was refused on the way is heard, too
		}
		o := d.carry(ctx, *effect.Command)
		if o.Err == nil {
			receipt = &o.Receipt
		}
		effect = d.step(o)
	}
	d.metrics.observe(j, effect)
	d.show(effect)
	d.hand(j.in, effect)
	if effect.Print != nil && d.cfg.Print != nil {
		d.cfg.Print(*effect.Print)
	}
	if w, ok := j.in.(Weight); ok {
		d.live(&w)
	}
	if l, ok := j.in.(Lost); ok {
		d.live(&Weight{Device: l.Device})
	}
	a := answerOf(effect, receipt)
	if _, weight := j.in.(Weight); !weight {
		d.recent.add(id, a)
	}
	if j.reply != nil {
		j.reply <- a
	}
}

func (d *Desk) step(in Input) Effect {
	book := struct {
		Records
		Claims
	}{d.book, d.hall}
	for {
		next, effect := Step(d.state, in, book, d.cfg.Rules, time.Now().In(d.cfg.Zone))
		// When another station was quicker, the same step sees that now and
		// takes another way.
		if d.hall.hold(d, &next) {
			d.state = next
			d.hall.try(effect.Tried)
			return effect
		}
	}
}

// hand carries work from one station to another. Nobody waits for the other:
// where the queue is full, the work stays.
func (d *Desk) hand(in Input, e Effect) {
	if from := d.hall.workplace(e.Fetch, d); e.Fetch != "" && from != nil {
		from.pass(Leave{To: d.cfg.Station})
	}
	leave, ok := in.(Leave)
	if !ok || e.Work == nil {
		return
	}
	if to := d.hall.desk(leave.To); to == nil || !to.pass(Arrive{*e.Work}) {
		e.Work.operator = d.state.operator
		d.show(d.step(Arrive{*e.Work}))
	}
}

func (d *Desk) pass(in Input) bool {
	select {
	case d.queue <- job{in: in, since: time.Now()}:
		return true
	default:
		return false
	}
}

// grace is how long the ledger may take to answer while the program stops.
const grace = 5 * time.Second

// carry books a command. Also while the program stops it waits for the answer:
// to say that something was not saved when it was makes people scan it twice.
func (d *Desk) carry(ctx context.Context, c stock.Command) Outcome {
	patient, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()
	receipt, err := d.ledger.Append(patient, c)
	o := Outcome{Command: c.ID, Receipt: receipt, Err: err}
	if err != nil {
		o.Reason = d.cfg.Explain(err)
		d.log.ErrorContext(ctx, "not saved", "command", c.ID, "reason", string(o.Reason), "err", err)
	}
	return o
}

func idOf(in Input) string {
	switch in := in.(type) {
	case Scan:
		return in.ID
	case Press:
		return in.ID
	case Weight:
		return in.ID
	}
	return ""
}

// recent remembers the newest answers by id.
type recent struct {
	answers map[string]Answer
	order   []string
}

const remembered = 256

func (r *recent) find(id string) (Answer, bool) {
	a, ok := r.answers[id]
	return a, ok && id != ""
}

func (r *recent) add(id string, a Answer) {
	if id == "" {
		return
	}
	if r.answers == nil {
		r.answers = make(map[string]Answer)
	}
	r.answers[id] = a
	r.order = append(r.order, id)
	if len(r.order) > remembered {
		delete(r.answers, r.order[0])
		r.order = r.order[1:]
	}
}
