package uplink

import (
	"fmt"
	"slices"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// toyLedger is the ledger in a few lines. Every scan is a SKU of its own, so
// that what is lost or counted twice can be named: "scan s7" is one more of s7,
// "open s7 1" is one that was taken over.
type toyLedger struct {
	epoch     stock.Epoch
	scans     *int // counts scans over all ledgers of a box
	first     stock.Seq
	entries   [][]byte     // entries[n-1] is entry n, also those before first
	hashes    []stock.Hash // hashes[n] is the hash after entry n
	stored    stock.Seq    // the hub's cursor
	down      stock.DownPosition
	took      stock.Takeover
	before    stock.Seq    // the entry before those that were taken over
	ancestors []*toyLedger // newest first
}

func newToyLedger(e stock.Epoch) *toyLedger {
	return &toyLedger{epoch: e, scans: new(int), first: 1, hashes: []stock.Hash{stock.Genesis(e)}}
}

func (l *toyLedger) add(n int) {
	for range n {
		*l.scans++
		l.append(fmt.Appendf(nil, "scan s%d", *l.scans))
	}
}

func (l *toyLedger) append(e []byte) {
	l.entries = append(l.entries, e)
	l.hashes = append(l.hashes, l.hashes[len(l.hashes)-1].Next(e))
}

func (l *toyLedger) last() stock.Seq { return stock.Seq(len(l.entries)) }

func (l *toyLedger) position() stock.Position {
	return stock.Position{Epoch: l.epoch, First: l.first, Last: l.last(), Head: l.hashes[l.last()]}
}

// toyFold gives the SKU and the quantity of an entry.
func toyFold(e []byte) (sku stock.SKU, n int64) {
	if _, err := fmt.Sscanf(string(e), "scan %s", &sku); err == nil {
		return sku, 1
	}
	if _, err := fmt.Sscanf(string(e), "open %s %d", &sku, &n); err != nil {
		panic(err)
	}
	return sku, n
}

// toySheet adds entries up.
func toySheet(entries [][]byte) (s stock.Sheet) {
	for _, e := range entries {
		sku, n := toyFold(e)
		c := stock.Cell{SKU: sku}
		s.Set(stock.Level{Cell: c, OnHand: s.OnHand(c) + n}, 0)
	}
	return s
}

// statement gives the levels as of an entry.
func (l *toyLedger) statement(seq stock.Seq) stock.Statement {
	s := toySheet(l.entries[:seq])
	st := stock.Statement{Epoch: l.epoch, Seq: seq, Head: l.hashes[seq]}
	st.Levels, st.Digest = s.State()
	return st
}

// takeOver is the ledger's part of a takeover, in one commit.
func (l *toyLedger) takeOver(st stock.Statement, common stock.Seq) (stock.Takeover, error) {
	if !l.took.IsZero() {
		return l.took, nil
	}
	if _, err := st.Sheet(); err != nil {
		return stock.Takeover{}, err
	}
	known := toySheet(l.entries)
	l.before = l.last()
	for _, level := range st.Levels {
		l.append(fmt.Appendf(nil, "open %s %d", level.SKU, level.OnHand))
	}
	carry := func(entries [][]byte) {
		for _, e := range entries {
			if sku, _ := toyFold(e); known.OnHand(stock.Cell{SKU: sku}) == 0 {
				known.Set(stock.Level{Cell: stock.Cell{SKU: sku}, OnHand: 1}, 0)
				l.append(e)
			}
		}
	}
	// Younger ones than that of the statement the hub never opened. Without that
	// one, it is those of which the hub never stored anything.
	younger := slices.IndexFunc(l.ancestors, func(a *toyLedger) bool { return a.epoch == st.Epoch })
	if younger >= 0 {
		carry(l.ancestors[younger].entries[common:])
	} else if younger = slices.IndexFunc(l.ancestors, func(a *toyLedger) bool { return a.stored > 0 }); younger < 0 {
		younger = len(l.ancestors)
	}
	for _, a := range slices.Backward(l.ancestors[:younger]) {
		carry(slices.DeleteFunc(slices.Clone(a.entries), func(e []byte) bool { return e[0] == 'o' }))
	}
	l.took = stock.Takeover{Epoch: st.Epoch, Seq: st.Seq, Last: l.last()}
	return l.took, nil
}

// inherit takes over the newest ancestor that knows all levels.
func (l *toyLedger) inherit() (stock.Takeover, error) {
	of := slices.IndexFunc(l.ancestors, func(a *toyLedger) bool { return !a.took.IsZero() })
	if of < 0 {
		of = len(l.ancestors) - 1
	}
	a := l.ancestors[of]
	return l.takeOver(a.statement(a.last()), a.last())
}

// points gives entries of an ancestor. Every seventh cannot be read.
func (l *toyLedger) points(epoch stock.Epoch, after, before stock.Seq, n int) (points []wire.TracePoint) {
	of := slices.IndexFunc(l.ancestors, func(a *toyLedger) bool { return a.epoch == epoch })
	step := max(1, (before-after)/stock.Seq(n))
	for seq := after + 1; seq < before; seq += step {
		if seq%7 != 0 || seq == before-1 {
			points = append(points, wire.TracePoint{Seq: seq, Sum: wire.TraceSum(l.ancestors[of].entries[seq-1])})
		}
	}
	return points
}

// facts are what a process begins with.
func (l *toyLedger) facts() facts {
	f := facts{pos: l.position(), unsent: uint64(l.last() - l.stored), down: l.down, took: l.took}
	if l.took.IsZero() {
		for _, a := range l.ancestors {
			f.ancestors = append(f.ancestors, Ancestor{a.epoch, a.stored, a.last()})
		}
	}
	return f
}

// reborn gives the ledger that follows after this one was set aside.
func (l *toyLedger) reborn(epoch stock.Epoch) *toyLedger {
	n := newToyLedger(epoch)
	n.scans, n.down, n.ancestors = l.scans, l.down, append([]*toyLedger{l}, l.ancestors...)
	return n
}

// rollBack makes the ledger what an older copy of its disk is.
func (l *toyLedger) rollBack(to stock.Seq) {
	if to < l.took.Last { // it is one commit
		l.took, to = stock.Takeover{}, min(to, l.before)
	}
	l.entries, l.hashes, l.stored = slices.Clone(l.entries[:to]), slices.Clone(l.hashes[:to+1]), min(l.stored, to)
}

// knows adds up which scans the ledger or its ancestors have.
func (l *toyLedger) knows(into map[stock.SKU]bool) {
	for _, one := range append([]*toyLedger{l}, l.ancestors...) {
		for _, e := range one.entries {
			sku, _ := toyFold(e)
			into[sku] = true
		}
	}
}

// toyParts divides a statement into parts of three levels.
func toyParts(of wire.StatementOf, st *stock.Statement) (parts []*wire.Statement) {
	for chunk := range slices.Chunk(st.Levels, 3) {
		parts = append(parts, &wire.Statement{Of: of, Seq: st.Seq, Head: st.Head, Digest: st.Digest, Levels: chunk, Part: len(parts)})
	}
	if parts == nil {
		parts = wire.Parts(of, st)
	}
	for _, p := range parts {
		p.Parts = len(parts)
	}
	return parts
}
