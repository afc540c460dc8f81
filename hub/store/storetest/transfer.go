package storetest

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Hub is what boxes get to know of the hub: a store, or a book.
type Hub interface {
	Warehouse(w stock.Warehouse) (inventory.WarehouseState, bool)
	Statement(w stock.Warehouse) (stock.Statement, error)
}

// Statement gives the box's levels as of an entry of its ledger.
func (b *Box) Statement(at stock.Seq) stock.Statement {
	var sheet stock.Sheet
	for i := range b.raws[:at] {
		if m := b.movement(stock.Seq(i + 1)); m != nil {
			sheet.Apply(m)
		}
	}
	out := stock.Statement{Epoch: b.Epoch, Seq: at, Head: b.heads[at]}
	out.Levels, out.Digest = sheet.State()
	return out
}

// movement gives what an entry of the ledger says; nil for one that says nothing.
func (b *Box) movement(at stock.Seq) *stock.Movement {
	e, err := wire.DecodeEntry(b.raws[at-1])
	if err != nil || e.Seq != at {
		return nil
	}
	return &e.Movement
}

// TakeOver appends an opening for every level of a statement.
func (b *Box) TakeOver(tb rapid.TB, st stock.Statement) {
	tb.Helper()
	for _, l := range st.Levels {
		if l.OnHand != 0 {
			b.Move(tb, stock.Movement{
				Kind: stock.Opening, SKU: l.SKU, Lot: l.Lot, Bin: l.Bin, Delta: l.OnHand, Expiry: l.Expiry, Produced: l.Produced,
			})
		}
	}
	b.TookOver, b.Wanted = stock.Takeover{Epoch: st.Epoch, Seq: st.Seq, Last: b.Last()}, stock.Takeover{}
}

// Since gives the movements that the hub has applied after an entry, up to the
// newest that it acknowledged.
func (b *Box) Since(after stock.Seq) []stock.Movement {
	var out []stock.Movement
	for at := after + 1; at <= min(b.Stored, b.Last()); at++ {
		if m := b.movement(at); m != nil && !b.unread[at] {
			out = append(out, *m)
		}
	}
	return out
}

// Obscure makes the hub fail to read the newest entry, as one whose kind it
// does not know yet.
func (b *Box) Obscure() {
	if b.unread == nil {
		b.unread = make(map[stock.Seq]bool)
	}
	b.unread[b.Last()] = true
}

// transfer does something with statements, or gives nothing.
func (f *Fleet) transfer(t *rapid.T, b *Box) (Sent, bool) {
	switch {
	case !b.Wanted.IsZero() && rapid.IntRange(0, 3).Draw(t, "take over") > 0:
		if st, err := f.hub.Statement(b.Warehouse); err == nil {
			b.TakeOver(f.tb, st)
		}
		return Sent{b.Hello(), b}, true
	case b.baseWanted && rapid.Bool().Draw(t, "base"):
		return Sent{inventory.Adopt{Warehouse: b.Warehouse, Session: b.Session, Statement: b.Statement(b.Base)}, b}, true
	}
	switch rapid.IntRange(0, 19).Draw(t, "transfer") {
	case 0, 1:
		return Sent{inventory.Report{Warehouse: b.Warehouse, Session: b.Session, Statement: f.statement(t, b)}, b}, true
	case 2:
		b.Base = max(b.Base, stock.Seq(rapid.Uint64Range(0, uint64(b.Last())).Draw(t, "trim")))
		return Sent{b.Hello(), b}, true
	case 3:
		r := inventory.Repair{Warehouse: b.Warehouse, Session: b.Session, Statement: f.statement(t, b), By: "li", Why: "counted", Upto: b.Stored}
		r.Since = b.Since(r.Statement.Seq)
		return Sent{r, b}, true
	case 4:
		return f.retry(t, b)
	case 5:
		b.Move(f.tb, movement().Draw(t, "obscure"))
		b.Obscure()
	}
	return Sent{}, false
}

// statement gives what the box states, mostly of the newest entry; now and then
// something of it is wrong.
func (f *Fleet) statement(t *rapid.T, b *Box) stock.Statement {
	at := b.Last()
	if rapid.IntRange(0, 2).Draw(t, "not the newest") == 0 {
		at = stock.Seq(rapid.Uint64Range(0, uint64(at)).Draw(t, "as of"))
	}
	st := b.Statement(at)
	switch rapid.IntRange(0, 9).Draw(t, "false statement") {
	case 0:
		st.Digest++
	case 1: // adds up, and is not so
		var sheet stock.Sheet
		for range 3 {
			m := movement().Draw(t, "made up")
			sheet.Apply(&m)
		}
		st.Levels, st.Digest = sheet.State()
	}
	return st
}

// retry has an entry that was set aside applied, readable or not.
func (f *Fleet) retry(t *rapid.T, b *Box) (Sent, bool) {
	st, ok := f.hub.Warehouse(b.Warehouse)
	var aside []stock.Seq
	for at := range b.unread {
		if at <= b.Stored {
			aside = append(aside, at)
		}
	}
	if !ok || st.Box.Epoch != b.Epoch || len(aside) == 0 {
		return Sent{}, false
	}
	slices.Sort(aside)
	at := rapid.SampledFrom(aside).Draw(t, "aside")
	r := inventory.Retry{Warehouse: b.Warehouse, Place: inventory.Place{Term: st.Term(), Seq: at}, By: "li", Why: "updated"}
	batch := stock.Batch{From: at, Prev: b.heads[at-1], Entries: b.raws[at-1 : at]}
	if rapid.IntRange(0, 4).Draw(t, "unreadable") == 0 {
		batch.Entries = [][]byte{[]byte("no entry at all")}
	}
	r.Sent = inventory.NewIngest(b.Warehouse, b.Epoch, b.Session, batch, nil, 0).Entries[0]
	return Sent{r, b}, true
}
