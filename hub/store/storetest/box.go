package storetest

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Box is an agent's machine as the hub sees it: a ledger in memory and the
// session that the hub gave it.
type Box struct {
	Warehouse  stock.Warehouse
	Epoch      stock.Epoch
	Boot       inventory.Boot
	Nonce      uint64
	Session    inventory.Session
	Stored     stock.Seq          // what the hub acknowledged last
	Down       stock.DownPosition // what the box stored of the down stream
	Sheet      stock.Sheet
	Base       stock.Seq      // entries up to it are not kept any more
	TookOver   stock.Takeover // what the ledger took over
	Wanted     stock.Takeover // what the hub wants it to take over
	May        bool           // no other box gives a sign of life
	raws       [][]byte
	heads      []stock.Hash       // heads[n] is the chain's hash after entry n
	unread     map[stock.Seq]bool // entries that the hub cannot read
	baseWanted bool
}

// errUnread is why the hub sets an obscure entry aside.
var errUnread = errors.New("a kind of entry that this hub does not know")

// NewBox gives a box with an empty ledger. Boxes of different numbers have
// different epochs and boots.
func NewBox(w stock.Warehouse, number int) *Box {
	b := &Box{Warehouse: w, Epoch: stock.Epoch(random("epoch", number))}
	b.heads = []stock.Hash{stock.Genesis(b.Epoch)}
	b.Start(number)
	return b
}

// random gives bytes that look random and are the same for the same number.
func random(what string, number int) [16]byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(what), uint64(number)))
	return [16]byte(sum[:])
}

// Start begins a new run of the box's process.
func (b *Box) Start(number int) {
	b.Boot, b.Nonce, b.Session = inventory.Boot(random("boot", number)), 0, 0
}

// Last gives the number of the newest entry.
func (b *Box) Last() stock.Seq { return stock.Seq(len(b.raws)) }

// HeadAt gives the chain's hash after an entry.
func (b *Box) HeadAt(n stock.Seq) stock.Hash { return b.heads[n] }

// Move appends a movement to the ledger.
func (b *Box) Move(tb rapid.TB, m stock.Movement) {
	tb.Helper()
	raw, err := wire.EncodeEntry(&stock.Entry{Seq: b.Last() + 1, Command: "cmd", Movement: m})
	if err != nil {
		tb.Fatalf("encode entry: %v", err)
	}
	b.Scribble(raw)
	b.Sheet.Apply(&m)
}

// Scribble appends bytes that may be no entry at all.
func (b *Box) Scribble(raw []byte) {
	b.raws = append(b.raws, raw)
	b.heads = append(b.heads, b.heads[len(b.heads)-1].Next(raw))
}

// RollBack makes the ledger end at an entry, as after a restore from a copy.
// The box does not know: neither does its sheet, which is of no use any more.
func (b *Box) RollBack(last stock.Seq) {
	b.raws = slices.Clip(b.raws[:last])
	b.heads = slices.Clip(b.heads[:last+1])
	b.Base = min(b.Base, last)
	maps.DeleteFunc(b.unread, func(at stock.Seq, _ bool) bool { return at > last })
}

// Hello gives a hello that was not sent before.
func (b *Box) Hello() inventory.Hello {
	b.Nonce++
	return b.HelloAgain()
}

// HelloAgain gives a copy of the last hello.
func (b *Box) HelloAgain() inventory.Hello {
	return inventory.Hello{
		Warehouse: b.Warehouse, Boot: b.Boot, Nonce: b.Nonce,
		Position: stock.Position{Epoch: b.Epoch, First: b.Base + 1, Last: b.Last(), Head: b.heads[b.Last()]},
		Down:     b.Down, NewDownEpoch: stock.Epoch(random("down", int(b.Nonce)<<8|int(b.Boot[0]))),
		Software: "test", TookOver: b.TookOver, MayTakeOver: b.May,
	}
}

// Batch gives the entries from one to another, both included.
func (b *Box) Batch(from, to stock.Seq) *inventory.Ingest {
	batch := stock.Batch{From: from, Prev: b.heads[from-1], Entries: b.raws[from-1 : to]}
	var digest *uint64
	if to == b.Last() {
		d := b.Sheet.Digest()
		root := d.Root()
		digest = &root
	}
	in := inventory.NewIngest(b.Warehouse, b.Epoch, b.Session, batch, digest, b.Last())
	for i := range in.Entries {
		if e := &in.Entries[i]; b.unread[from+stock.Seq(i)] {
			e.Entry, e.Err = stock.Entry{}, errUnread
		}
	}
	return in
}

// Rest gives everything that the hub has not acknowledged, at most n entries.
func (b *Box) Rest(n int) *inventory.Ingest {
	stored := min(max(b.Stored, b.Base), b.Last()) // a box that was rolled back has less
	return b.Batch(stored+1, min(stored+stock.Seq(n), b.Last()))
}

// Hear takes the hub's answer to something that the box sent.
func (b *Box) Hear(r inventory.Result) {
	switch r := r.(type) {
	case inventory.Welcome:
		b.Session, b.Stored, b.Wanted, b.baseWanted = r.Session, r.Applied, r.TakeOver, r.BaseWanted
	case inventory.Ingested:
		b.Stored, b.baseWanted = r.Applied, b.baseWanted && r.Applied < b.Base
	case inventory.Retried:
		delete(b.unread, r.Place.Seq)
	case *inventory.Refusal:
		if r.Reason != inventory.ReasonInvalid && r.Reason != inventory.ReasonMoved {
			b.Session = 0
		}
	}
}
