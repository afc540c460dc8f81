package work

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Finding is what a disk that lied has left.
type Finding int

// The findings. Anything else is silently wrong, and an error of Examine.
const (
	Whole   Finding = iota // everything acknowledged is there
	Older                  // an earlier state, exactly as it once was
	Damaged                // it says itself that it is damaged, and gives nothing wrong
)

// Liar is work that can be examined after a disk lied about its flushes.
type Liar interface {
	Work
	// Examine tells what became of what is at path, of which those commands
	// were acknowledged. It gives an error when it finds something that never
	// was, or something older that nobody would notice.
	Examine(ctx context.Context, path string, saved []Saved) (Finding, error)
}

// Examine is part of Liar. A ledger that is older than what the hub has stored
// of it must be refused by the hub, and, once it has gone on, notice itself
// that the hub has another history.
func (Ledger) Examine(ctx context.Context, path string, saved []Saved) (Finding, error) {
	l, err := ledger.Open(path, Options())
	switch {
	case errors.Is(err, ledger.ErrDamaged):
		return Damaged, nil
	case err != nil:
		return 0, fmt.Errorf("an error that does not say the ledger is damaged: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	finding, err := examine(ctx, l, saved)
	cancel()
	err = errors.Join(err, <-ran, l.Close())
	if errors.Is(err, ledger.ErrDamaged) {
		return Damaged, nil
	}
	return finding, err
}

// Examine is part of Liar. A hub that is older is told by the agents what it
// forgot, as after a restored backup: nothing has to be noticed. It is looked
// at by a process of its own, because a store that found its disk damaged keeps
// its files until the process ends.
func (Hub) Examine(ctx context.Context, path string, saved []Saved) (Finding, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), env("examine hub", path, next(saved), 0)...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, bytes.TrimSpace(complaint.Bytes()))
	}
	var finding Finding
	_, err = fmt.Sscan(string(out), &finding)
	return finding, err
}

// examineHub writes its finding about a store of which so many commands were
// acknowledged.
func examineHub(ctx context.Context, path string, acknowledged, _ int, out io.Writer) error {
	finding, opened := Whole, false
	err := withHub(ctx, path, func(p *store.Pebble) error {
		opened = true
		found, err := position(p, 0, acknowledged+meanwhile)
		if err == nil && found < acknowledged {
			finding = Older
		}
		return err
	})
	if err != nil && !opened {
		finding, err = Damaged, nil // that it does not open is how the store says so
	}
	fmt.Fprintln(out, int(finding))
	return err
}

// meanwhile bounds the commands that are saved between the look at what was
// acknowledged and the cut.
const meanwhile = 1000

func examine(ctx context.Context, l *ledger.Ledger, saved []Saved) (Finding, error) {
	if _, err := read(ctx, l); err != nil { // whole commands, levels that are their sum
		return 0, err
	}
	wrote, err := history(next(saved) + meanwhile)
	if err != nil {
		return 0, err
	}
	if err := isPrefix(ctx, l, wrote); err != nil {
		return 0, err
	}
	newest := stock.Seq(0)
	for _, s := range saved {
		newest = max(newest, s.To)
	}
	if l.Position().Last >= newest {
		return Whole, nil
	}
	return Older, forks(ctx, l, wrote[:newest])
}

// history gives the entries of the first n commands as every ledger writes
// them.
func history(n int) ([][]byte, error) {
	var out [][]byte
	for i := range n {
		c := Command(i)
		for part, m := range c.Movements {
			b, err := wire.EncodeEntry(&stock.Entry{Seq: stock.Seq(len(out) + 1), Command: c.ID, Part: part, Movement: m})
			if err != nil {
				return nil, err
			}
			out = append(out, b)
		}
	}
	return out, nil
}

// isPrefix reports whether the ledger is, byte for byte, a beginning of what
// was written.
func isPrefix(ctx context.Context, l *ledger.Ledger, wrote [][]byte) error {
	for after := l.Position().First - 1; after < l.Position().Last; {
		batch, _, err := l.Read(ctx, after, 512, 256<<10)
		if err != nil {
			return err
		}
		for i, b := range batch.Entries {
			if at := int(batch.From) + i; at > len(wrote) || !bytes.Equal(b, wrote[at-1]) {
				return fmt.Errorf("entry %d was never written like that", at)
			}
		}
		after = batch.To()
	}
	return nil
}

// forks reports whether an older ledger is found out by a hub that has stored
// what the ledger forgot: at once, and also when the ledger has gone on.
func forks(ctx context.Context, l *ledger.Ledger, wrote [][]byte) error {
	epoch := l.Position().Epoch
	book := inventory.NewBook(inventory.Config{AutoEnrol: true})
	hello := inventory.Hello{
		Warehouse: Warehouse, Boot: hubBoot, Nonce: 1, NewDownEpoch: stock.Epoch{0xD},
		Position: stock.Position{Epoch: epoch, First: 1, Head: stock.Genesis(epoch)},
	}
	results, _ := book.Apply(hubTime, []inventory.Command{hello})
	batch := stock.Batch{From: 1, Prev: stock.Genesis(epoch), Entries: wrote}
	session := results[0].(inventory.Welcome).Session
	results, _ = book.Apply(hubTime, []inventory.Command{inventory.NewIngest(Warehouse, epoch, session, batch, nil, batch.To())})
	if in, ok := results[0].(inventory.Ingested); !ok || in.Applied != batch.To() {
		return fmt.Errorf("the hub did not take the history: %+v", results[0])
	}
	hello.Boot, hello.Position = inventory.Boot{0xA}, l.Position()
	results, _ = book.Apply(hubTime, []inventory.Command{hello})
	if r, ok := results[0].(*inventory.Refusal); !ok || r.Reason != inventory.ReasonFork {
		return fmt.Errorf("the hub has %d entries, the ledger %d, and its hello gets %+v", batch.To(), hello.Position.Last, results[0])
	}
	for n := 1_000_000; l.Position().Last <= batch.To(); n++ {
		c := stock.Command{ID: ID(n)}
		for range 500 { // many at once: it is done after every cut
			c.Movements = append(c.Movements, Command(n).Movements[0])
		}
		if _, err := l.Append(ctx, c); err != nil {
			return fmt.Errorf("go on with an older ledger: %w", err)
		}
	}
	// What the uplink does with a welcome: is the hub's cursor a place in this ledger?
	if h, err := l.HashAt(batch.To()); err != nil || h == batch.Head() {
		return fmt.Errorf("an older ledger that went on has the hub's history at entry %d (%w)", batch.To(), err)
	}
	return nil
}
