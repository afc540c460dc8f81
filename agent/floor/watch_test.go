package floor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/forestock/forestock/proto/stock"
)

// step takes an input and checks everything that must hold.
func (w *watched) step(in Input) {
	w.t.Helper()
	if w.pure(in); w.complaint != "" {
		return
	}
	first := len(w.book.entries)
	levels := w.levels()
	w.take(in)
	booked := w.book.entries[first:]
	if b, ok := in.(Press); ok && b.Button == Tare && w.last.Sound == SoundHeard {
		w.number++
		w.cleared = w.number
	}
	w.sounds(in, booked)
	for i := range booked {
		w.movement(in, &booked[i])
	}
	w.levelsHold(booked, levels)
	w.ordersHold(booked)
	w.claimsHold()
	w.transfersHold(booked)
	w.countsHold(booked)
	if v, err := json.Marshal(w.last.View); err != nil || strings.Contains(string(v), "%!") {
		w.complain("view %s: %v", v, err)
	}
	w.tare = 0
	for _, p := range w.clerks[0].state.pans {
		w.tare = p.tare
	}
}

// pure checks that Step gives the same twice and changes nothing that it was given.
func (w *watched) pure(in Input) {
	w.t.Helper()
	before := fmt.Sprintf("%+v", w.state)
	s1, e1 := Step(w.state, in, w.clerk.book, w.rules, w.now)
	s2, e2 := Step(w.state, in, w.clerk.book, w.rules, w.now)
	if after := fmt.Sprintf("%+v", w.state); after != before {
		w.complain("Step(%+v) changed the state it was given:\n%s\n%s", in, before, after)
	}
	a, _ := json.Marshal(e1)
	b, _ := json.Marshal(e2)
	if string(a) != string(b) || s1.mode != s2.mode {
		w.complain("Step(%+v) gave two different effects:\n%s\n%s", in, a, b)
	}
}

// sounds checks that saved is said exactly when something was booked.
func (w *watched) sounds(in Input, booked []stock.Entry) {
	w.t.Helper()
	saved := w.last.Sound == SoundSaved || w.last.Sound == SoundUndone
	again := w.last.View.Note != nil && w.last.View.Note.Text == saidReplayed
	if saved && len(booked) == 0 && !again || !saved && len(booked) > 0 {
		w.complain("%+v: sound %q, %d entries booked", in, w.last.Sound, len(booked))
	}
	switch in.(type) {
	case Tick, Lost, Repeat, Garbled, Overflow:
		if len(booked) > 0 {
			w.complain("%+v booked %+v", in, booked)
		}
	}
	if w.last.Sound == SoundRefuse && (w.last.View.Alert == nil || w.last.View.Alert.Hint.Zh == "" || w.last.View.Alert.Hint.En == "") {
		w.complain("%+v was refused without saying what to do: %+v", in, w.last.View.Alert)
	}
}

func (w *watched) movement(in Input, e *stock.Entry) {
	w.t.Helper()
	if err := e.Validate(); err != nil {
		w.complain("%+v: %v", in, err)
	}
	own := e.Command == idOf(in) || e.Kind == stock.TransferIn && strings.HasPrefix(e.Command, "transfer-")
	if !own || e.Station != w.state.station || e.Operator != w.state.operator {
		w.complain("%+v: booked as %+v", in, e)
	}
	w.gates(in, e)
	if e.Frame == nil || e.Kind == stock.Undo {
		return
	}
	n, err := strconv.Atoi(string(e.Frame))
	if err != nil {
		w.complain("%+v: frame %q", in, e.Frame)
	}
	// A weight may be split over cells; a count or a move may add several up.
	one := e.Kind == stock.Receive || e.Kind == stock.Pick || e.Kind == stock.Waste
	alone := !slices.ContainsFunc(w.book.entries, func(o stock.Entry) bool { return o.Command == e.Command && o.Seq != e.Seq })
	if got := max(e.Delta, -e.Delta); one && alone && got != w.net[n] {
		w.complain("%+v: booked %d g, reading %d showed %d g net", in, got, n, w.net[n])
	}
	if n != w.used && (w.cleared <= w.used && w.used > 0) {
		w.complain("%+v: booked reading %d after %d, and the pan was not empty between", in, n, w.used)
	}
	w.used = max(w.used, n)
}

func (w *watched) levels() map[stock.Cell]int64 {
	out := map[stock.Cell]int64{}
	for sku := range w.book.SKUs() {
		for _, l := range w.book.Levels(sku) {
			out[l.Cell] = l.OnHand
		}
	}
	return out
}

func (w *watched) levelsHold(booked []stock.Entry, before map[stock.Cell]int64) {
	w.t.Helper()
	after := w.levels()
	for c, n := range after {
		if n < 0 {
			w.complain("%+v holds %d after %+v", c, n, booked)
		}
	}
	if len(booked) == 0 {
		return
	}
	sums := map[stock.SKU]int64{}
	for _, e := range booked {
		if e.To == "" {
			sums[e.SKU] += e.Delta
		}
	}
	for sku, want := range sums {
		if got := total(after, sku) - total(before, sku); got != want {
			w.complain("%s changed by %d, the entries say %d", sku, got, want)
		}
	}
	if u := booked[0].Undoes; u != 0 {
		w.undone(w.book.entries[u-1].Command, booked, before, after)
	}
}

// undone checks that the cells of an undone command changed by exactly what
// the command had changed them by, the other way.
func (w *watched) undone(command string, booked []stock.Entry, before, after map[stock.Cell]int64) {
	w.t.Helper()
	effect := map[stock.Cell]int64{}
	for _, e := range w.book.entries {
		if e.Command == command {
			effect[e.Cell()] += e.Delta
			if e.To != "" {
				effect[stock.Cell{SKU: e.SKU, Lot: e.Lot, Bin: e.To}] -= e.Delta
			}
		}
	}
	for c, n := range effect {
		if got := after[c] - before[c]; got != -n {
			w.complain("undo of %s changed %+v by %d, want %d (%+v)", command, c, got, -n, booked)
		}
	}
}

func total(levels map[stock.Cell]int64, sku stock.SKU) int64 {
	var n int64
	for c, q := range levels {
		if c.SKU == sku {
			n += q
		}
	}
	return n
}

// ordersHold checks what was booked against the orders that it names.
func (w *watched) ordersHold(booked []stock.Entry) {
	w.t.Helper()
	for i := range booked {
		e := &booked[i]
		o, known := w.clerk.book.Order(stock.OrderID(e.Document))
		n, named := stock.LineNumber(e.Line)
		if !known || !named {
			continue
		}
		l, ok := o.Line(n)
		var p stock.Progress
		for j := range w.book.entries[:e.Seq] {
			if f := &w.book.entries[j]; f.Document == e.Document {
				p.Apply(&f.Movement)
			}
		}
		weighed := l != nil && l.Tolerance > 0
		switch {
		case !ok || !l.Takes(e.SKU):
			w.complain("%+v: the order has no such line", e)
		case o.State != stock.OrderOpen && (e.Kind == stock.Pick || e.Kind == stock.Short):
			w.complain("%+v: the order is not open", e)
		case p.Of(n) < 0 || p.Of(n) > l.Quantity && !weighed:
			w.complain("%+v: %d picked of %+v", e, p.Of(n), l)
		case e.Kind == stock.Pick && p.Of(n) > l.Quantity+l.Tolerance && e.Reason == "":
			w.complain("%+v: %d picked of %+v without a reason", e, p.Of(n), l)
		case e.Kind == stock.Pick && tooOld(w.clerk.book.Lot(e.SKU, e.Lot).Expiry, l.MinExpiry):
			w.complain("%+v: sooner expired than %+v", e, l)
		}
	}
}

// gates checks that what needs a second person had one.
func (w *watched) gates(in Input, e *stock.Entry) {
	w.t.Helper()
	it, _ := w.book.Item(e.SKU)
	dear := e.Kind == stock.Waste && e.Document == "" && valueOf(it, -e.Delta) > wasteLimit && it.Unit == stock.Gram
	bare := e.Kind == stock.Return && e.Document == ""
	late := e.Kind == stock.Undo && e.Time.Sub(w.book.entries[e.Undoes-1].Time) > w.rules.UndoFor
	_, by, approved := strings.Cut(e.Reason, "approved by ")
	if (dear || bare || late) && (!approved || by == "" || by == e.Operator) {
		w.complain("%+v: booked without a second person: %+v", in, e)
	}
}

// claimsHold checks that no order is picked at two stations.
func (w *watched) claimsHold() {
	w.t.Helper()
	a, b := w.clerks[0].state.round, w.clerks[1].state.round
	if a != nil && b != nil && a.order == b.order {
		w.complain("order %s is picked at both stations", a.order)
	}
}

// transfersHold checks what went and came with a manifest.
func (w *watched) transfersHold(booked []stock.Entry) {
	w.t.Helper()
	sums := map[stock.SKU]int64{}
	for i := range booked {
		e := &booked[i]
		switch e.Kind { //nolint:exhaustive // the others go nowhere
		case stock.TransferOut:
			sums[e.SKU] += e.Delta
		case stock.TransferIn:
			if first, again := w.arrived[e.Document]; again && (first != e.Command || e.Seq != booked[0].Seq+stock.Seq(e.Part)) || again && i == 0 {
				w.complain("%+v: manifest %s came in before", e, e.Document)
			}
			w.arrived[e.Document] = e.Command
		}
	}
	if len(sums) == 0 {
		return
	}
	label := w.last.View.Label
	if label == nil {
		w.complain("goods left without a manifest: %+v", booked)
		return
	}
	m, err := transfersOf("there").Decode(label.Code)
	if err != nil {
		w.complain("manifest: %v", err)
	}
	for _, l := range m.Lines {
		sums[l.SKU] += l.Quantity
	}
	for sku, off := range sums {
		if off != 0 {
			w.complain("the manifest has %d more of %s than left: %+v", off, sku, booked)
		}
	}
}

// countsHold checks that what is far from the book was counted more than once.
func (w *watched) countsHold(booked []stock.Entry) {
	w.t.Helper()
	if a := w.last.View.Alert; a != nil && a.Reason == CountAgain {
		w.asked[w.state.place] = true
	}
	for i := range booked {
		e := &booked[i]
		if e.Kind != stock.Count || e.Reason == "zero check" {
			continue
		}
		off := e.Count.Counted - e.Count.Seen
		if max(off, -off)*100 > countAgain*max(e.Count.Seen, 1) && !w.asked[e.Bin] {
			w.complain("%+v: booked after one count", e)
		}
	}
}
