package world

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing/synctest"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// patience is how long two sides that nothing holds up may take to agree. Two
// boxes that were taken for one wait five minutes each time.
const patience = 40 * time.Minute

// settle waits until every warehouse and the hub say that they have everything
// of each other.
func (w *World) settle() bool {
	began := time.Now()
	var missing string
	for time.Since(began) < patience {
		if !pause(w.ctx, time.Second, checkMoment) {
			return false
		}
		synctest.Wait() // now nothing moves until time passes
		if missing = w.unsettled(); missing == "" {
			w.story.tell("world", "settled after %s", time.Since(began).Round(time.Second))
			return true
		}
	}
	w.breach("world", "not settled after %s of quiet: %s", patience, missing)
	return false
}

// unsettled says who still lacks what; nothing when nobody does.
func (w *World) unsettled() string {
	hub := w.hub.now()
	if hub == nil {
		return "the hub is down"
	}
	for _, b := range w.boxes {
		life, _ := b.now()
		if life == nil {
			return string(b.id) + " is down"
		}
		st, _ := hub.store.Warehouse(b.id)
		link := life.link.Status()
		if last := life.ledger.Position().Last; st.Applied != last || link.State != uplink.Synced || st.Down.Outstanding() != 0 {
			return fmt.Sprintf("%s: the hub has %d of %d entries, %d things are to come down, the link is %s %s", b.id, st.Applied, last, st.Down.Outstanding(), link.State, link.Error)
		}
	}
	return ""
}

// check holds everything against everything in a quiet moment:
//
//   - every command that was answered is in the ledger where its answer said,
//     and no command is there twice;
//   - over all ledgers that the warehouse ever had, the hub has each command once,
//     unless a lost disk was the only one that knew it; and all of them together
//     add up to the hub's levels;
//   - the hub has the same entries in the same order (the hashes are chained);
//   - what the entries add up to is what the ledger shows, and what the hub
//     shows, cell by cell;
//   - what is held and committed is what open orders claim, and the floor knows
//     every order that it is to pick; no order was picked twice; and orders that a
//     floor held when the hub was set back are at the hub again;
//   - nothing was set aside, no divergence was seen. A box may be taken for two
//     once in a while, when the network brings a dead process's hello behind its
//     successor's: what counts is that it goes on by itself;
//   - the agent believes nothing stored that the hub has not;
//   - the catalogue of every warehouse is the hub's.
func (w *World) check() {
	hub := w.hub.now()
	for _, b := range w.boxes {
		life, _ := b.now()
		if hub == nil || life == nil {
			w.breach(string(b.id), "is down, or the hub is, in a quiet moment")
			continue
		}
		c := checking{w: w, b: b, life: life, hub: hub}
		c.state, _ = hub.store.Warehouse(b.id)
		c.commands()
		c.history()
		c.levels()
		c.catalogue()
		c.everything()
		c.sold()
		w.shop.came(&c)
		b.staff.settled()
	}
	w.hub.settled()
	w.story.tell("world", "checked")
}

// checking is the look at one warehouse.
type checking struct {
	w       *World
	b       *box
	life    *boxLife
	hub     *hubLife
	state   inventory.WarehouseState
	entries []stock.Entry
}

func (c *checking) breach(format string, args ...any) { c.w.breach(string(c.b.id), format, args...) }

// commands looks for what the staff did.
func (c *checking) commands() {
	c.entries = nil
	for {
		batch, _, err := c.life.ledger.Read(context.Background(), stock.Seq(len(c.entries)), 1000, 1<<20)
		if err != nil {
			c.breach("ledger cannot be read after entry %d: %v", len(c.entries), err)
			return
		}
		if len(batch.Entries) == 0 {
			break
		}
		for _, raw := range batch.Entries {
			e, err := wire.DecodeEntry(raw)
			if err != nil {
				c.breach("entry %d: %v", len(c.entries)+1, err)
				return
			}
			c.entries = append(c.entries, e)
		}
	}
	seen := make(map[string]bool)
	for i := range c.entries {
		e := &c.entries[i]
		id := fmt.Sprintf("%s/%d", e.Command, e.Part)
		if seen[id] {
			c.breach("part %d of command %s is booked twice, the second time as entry %d", e.Part, e.Command, e.Seq)
		}
		seen[id] = true
	}
	booked, past, asking := c.b.staff.known()
	answered := map[string]bool{asking: true}
	for i := range past {
		answered[past[i].command.ID] = true
	}
	for _, b := range booked {
		c.command(b)
		answered[b.command.ID] = true
	}
	for i := range c.entries {
		if e := &c.entries[i]; !answered[e.Command] && e.Kind != stock.Opening {
			c.breach("entry %d is of command %s, which nobody was answered and nobody waits for", e.Seq, e.Command)
			return
		}
	}
}

func (c *checking) command(b booked) {
	for i := range b.command.Movements {
		at := int(b.receipt.From) + i
		if at > len(c.entries) {
			c.breach("command %s was answered with entry %d, the ledger ends at %d", b.command.ID, at, len(c.entries))
			return
		}
		e, m := &c.entries[at-1], &b.command.Movements[i]
		if e.Command != b.command.ID || e.Part != i || !fits(&e.Movement, m) {
			c.breach("command %s was answered with entry %d, which is part %d of %s: %s %+d of %s", b.command.ID, at, e.Part, e.Command, e.Kind, e.Delta, e.SKU)
		}
	}
}

// fits reports whether an entry is what was asked for. What the ledger works
// out itself was not asked for.
func fits(got, want *stock.Movement) bool {
	switch {
	case got.Kind != want.Kind || got.Undoes != want.Undoes:
		return false
	case want.Undoes != 0:
		return true
	case want.Count != nil:
		return got.Cell() == want.Cell()
	}
	return got.Cell() == want.Cell() && got.To == want.To && got.Delta == want.Delta
}

// history compares what both sides have stored.
func (c *checking) history() {
	pos, st := c.life.ledger.Position(), &c.state
	if st.Box.Epoch != pos.Epoch || st.Applied != pos.Last || st.Head != pos.Head {
		c.breach("the hub is at entry %d of ledger %s with head %s, the agent at %d of %s with %s", st.Applied, st.Box.Epoch, st.Head, pos.Last, pos.Epoch, pos.Head)
	}
	if st.Divergence != nil || st.Quarantined != 0 {
		c.breach("divergence %+v, %d set aside", st.Divergence, st.Quarantined)
	}
	if believed := pos.Last - stock.Seq(c.life.ledger.Unsent()); believed > st.Applied {
		c.breach("believes %d entries stored, the hub has %d", believed, st.Applied)
	}
}

// levels compares four ways to know what is where.
func (c *checking) levels() {
	model := make(cells)
	for i := range c.entries {
		model.add(&c.entries[i].Movement)
	}
	c.same("the ledger", model, cellsOfAgent(c.life.ledger))
	c.same("the hub", model, cellsOfHub(c.hub.store, c.b.id))
	if digest, _ := c.life.ledger.Digest(); digest.Root() != c.state.Digest {
		c.breach("digests differ: %x at the hub, %x at the agent", c.state.Digest, digest.Root())
	}
}

// cells is what is where, the simplest way to know it.
type cells map[stock.Cell]int64

func (m cells) add(mv *stock.Movement) {
	m[mv.Cell()] += mv.Delta
	if mv.To != "" {
		m[stock.Cell{SKU: mv.SKU, Lot: mv.Lot, Bin: mv.To}] -= mv.Delta
	}
}

func (c *checking) same(who string, want, got cells) {
	for _, m := range []cells{want, got} {
		maps.DeleteFunc(m, func(_ stock.Cell, n int64) bool { return n == 0 })
	}
	if maps.Equal(want, got) {
		return
	}
	all := maps.Clone(want)
	maps.Copy(all, got)
	sorted := slices.SortedFunc(maps.Keys(all), func(a, b stock.Cell) int {
		return cmp.Or(cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Lot, b.Lot), cmp.Compare(a.Bin, b.Bin))
	})
	for _, cell := range sorted {
		if want[cell] != got[cell] {
			c.breach("the movements of %s lot %s in %q add up to %d, %s has %d", cell.SKU, cell.Lot, cell.Bin, want[cell], who, got[cell])
			return
		}
	}
}

func cellsOfHub(s *store.Pebble, w stock.Warehouse) cells {
	out := make(cells)
	for _, l := range s.Levels(w, "", maxSKUs) {
		for _, lot := range l.Lots {
			for _, bin := range lot.Bins {
				out[stock.Cell{SKU: l.SKU, Lot: lot.Lot, Bin: bin.Bin}] = bin.OnHand
			}
		}
	}
	return out
}

// maxSKUs is more than a warehouse here ever has.
const maxSKUs = 1000

func cellsOfAgent(l *ledger.Ledger) cells {
	out := make(cells)
	all := make([]int, stock.Buckets)
	for i := range all {
		all[i] = i
	}
	levels, _ := l.CellsIn(all)
	for _, level := range levels {
		out[level.Cell] = level.OnHand
	}
	return out
}

// catalogue compares the items.
func (c *checking) catalogue() {
	hub := make(map[stock.SKU]int64)
	for _, it := range c.hub.store.Items("", 1000) {
		hub[it.SKU] = it.Price
	}
	agent := make(map[stock.SKU]int64)
	for it := range c.life.ledger.Items() {
		agent[it.SKU] = it.Price
	}
	for _, sku := range slices.Sorted(maps.Keys(hub)) {
		if agent[sku] != hub[sku] {
			c.breach("has price %d of %s, the hub %d", agent[sku], sku, hub[sku])
			return
		}
	}
	// A hub that was set back has forgotten items that agents still know.
	if len(agent) != len(hub) && c.w.hub.copies == 0 {
		c.breach("has %d items, the hub %d", len(agent), len(hub))
	}
}
