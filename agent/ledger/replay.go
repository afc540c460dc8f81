package ledger

import (
	"bytes"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// booked looks for an earlier command with the same id, on disk and in the
// commit at hand, and compares what it says.
func (w *commit) booked(b *booking) (receipt stock.Receipt, ok bool, err error) {
	first, err := w.earlier(b)
	if err != nil {
		return stock.Receipt{}, false, err
	}
	// What a predecessor booked may be here in part, or as something else that
	// comes to the same, so it is not compared.
	_, known := w.l.view.known[b.key]
	if len(first) == 0 {
		return stock.Receipt{Replayed: known}, known, nil
	}
	if !known && !same(first, b.plan) {
		return stock.Receipt{}, false, &ReusedError{Command: b.command, First: first[0].Seq}
	}
	return stock.Receipt{From: first[0].Seq, To: first[len(first)-1].Seq, Replayed: true}, true, nil
}

// earlier gives the entries that a command id stands for; none when it is new.
func (w *commit) earlier(b *booking) ([]stock.Entry, error) {
	if first, ok := w.commands[b.command]; ok {
		return first.plan, nil
	}
	seq, ok := w.l.view.window.commands[b.key]
	if !ok {
		return nil, nil
	}
	var entries []stock.Entry
	for ; seq <= w.l.view.last.seq; seq++ {
		e, err := w.entry(seq)
		if err != nil {
			return nil, err
		}
		if e.Command != b.command {
			break
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// entry reads one entry inside the writer's transaction.
func (w *commit) entry(seq stock.Seq) (stock.Entry, error) {
	v := w.journal.get(seq)
	if len(v) < len(stock.Hash{}) {
		return stock.Entry{}, &DamagedError{Path: w.l.path, Seq: seq, What: "it is missing"}
	}
	prev := w.l.view.base.hash
	if seq != w.l.view.base.seq+1 {
		p := w.journal.get(seq - 1)
		if len(p) < len(stock.Hash{}) {
			return stock.Entry{}, &DamagedError{Path: w.l.path, Seq: seq - 1, What: "it is missing"}
		}
		prev = stock.Hash(p[:32])
	}
	if prev.Next(v[32:]) != stock.Hash(v[:32]) {
		return stock.Entry{}, &DamagedError{Path: w.l.path, Seq: seq, What: "its hash does not fit"}
	}
	return wire.DecodeEntry(v[32:])
}

// same reports whether planned entries say what the booked entries say. The clock
// does not count, because a retry may carry a later one; nor does what the
// ledger worked out itself.
func same(booked, planned []stock.Entry) bool {
	if len(booked) != len(planned) {
		return false
	}
	for i := range booked {
		if !sameMovement(&booked[i].Movement, &planned[i].Movement) {
			return false
		}
	}
	return true
}

func sameMovement(booked, m *stock.Movement) bool {
	if (booked.Count == nil) != (m.Count == nil) || (m.Count != nil && *booked.Count != *m.Count) {
		return false
	}
	if !bytes.Equal(booked.Scan, m.Scan) || !bytes.Equal(booked.Frame, m.Frame) {
		return false
	}
	a, b := said(booked), said(m)
	return a == b
}

// words is what somebody said with a movement, in comparable form.
type words struct {
	kind                                              stock.Kind
	cell                                              stock.Cell
	to                                                stock.Bin
	delta                                             int64
	expiry, produced                                  stock.Date
	undoes                                            stock.Seq
	operator, station, device, reason, document, line string
}

func said(m *stock.Movement) words {
	w := words{
		kind: m.Kind, cell: m.Cell(), to: m.To, delta: m.Delta, expiry: m.Expiry, produced: m.Produced, undoes: m.Undoes,
		operator: m.Operator, station: m.Station, device: m.Device, reason: m.Reason, document: m.Document, line: m.Line,
	}
	switch {
	case m.Count != nil:
		w.delta = 0
	case m.Undoes != 0:
		w.cell, w.to, w.delta, w.expiry, w.produced = stock.Cell{}, "", 0, 0, 0
		w.document, w.line = "", ""
	}
	return w
}
