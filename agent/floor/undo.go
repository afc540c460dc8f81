package floor

import (
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// action is what a person did in one go.
type action struct {
	entries []stock.Entry
	text    Text
	at      time.Time
	late    bool // it was so long ago that a second person has to agree
}

// offer is an action that UNDO would take back, and those before it.
type offer struct {
	action
	list []action // the newest first; one of them is offered
}

// undo takes back the newest scan that is not saved; when there is none it
// offers the person's last action, and at the second time compensates it.
func (t *turn) undo() {
	switch {
	case t.offer != nil:
		t.compensate()
	case t.takeBack():
	default:
		t.offerUndo("")
	}
}

const (
	// farthest bounds how many entries are looked through for actions.
	farthest = 2000
	// mostOffered is how many actions a digit chooses from.
	mostOffered = 9
)

// offerUndo shows the person's last actions, of one item if sku is set. The
// ledger itself is asked, so that also what was done before a restart or at
// another station can be undone.
func (t *turn) offerUndo(sku stock.SKU) {
	t.offer = nil
	list, err := t.lastActions(sku)
	switch {
	case err != nil:
		t.refuse(LookUpFailed, say(badLookUp, err), hintLedger)
	case len(list) == 0:
		t.refuse(NothingToUndo, badNothingUndo, hintNothingUndo)
	default:
		t.offerOne(list, 1)
	}
}

// offerOne offers the nth of a list of actions.
func (t *turn) offerOne(list []action, n int) {
	if n < 1 || n > len(list) {
		t.notHere(say(same("%d"), n))
		return
	}
	t.offer = &offer{list[n-1], list}
	t.show(ToneLook, SoundLook, t.offer.text)
}

// lastActions gives what the person did within Rules.UndoFor, the newest first.
// When there is nothing it gives the last action before that, which takes a
// second person to undo.
func (t *turn) lastActions(sku stock.SKU) ([]action, error) {
	pos := t.book.Position()
	undone := make(map[stock.Seq]bool)
	barred, command := false, ""
	var out []action
	for n, seq := 0, pos.Last; n < farthest && seq >= pos.First && seq > 0 && len(out) < mostOffered; n, seq = n+1, seq-1 {
		e, err := t.book.Entry(seq)
		if err != nil {
			return nil, err
		}
		if e.Undoes != 0 {
			undone[e.Undoes] = true
			continue
		}
		// What was short is told to the hub at once; only a count mends it.
		if barred = e.Kind == stock.Short || barred && e.Command == command; barred {
			command = e.Command
			continue
		}
		late := t.now.Sub(e.Time) > t.rules.UndoFor
		if late && len(out) > 0 {
			break
		}
		if e.Command == command || !t.mine(&e, sku, undone) {
			continue
		}
		command = e.Command
		entries, err := t.whole(e)
		if err != nil {
			return nil, err
		}
		out = append(out, action{entries, t.describe(entries), e.Time, late})
		if late {
			break
		}
	}
	return out, nil
}

// offerLines shows the actions to choose from.
func (t *turn) offerLines() []Line {
	var out []Line
	for i, a := range t.offer.list {
		l := line(say(same("%d  %s"), i+1, a.text), a.entries[0].Lot, same(a.at.In(t.now.Location()).Format("15:04")))
		if a.entries[0].Seq == t.offer.entries[0].Seq {
			l.Tone = ToneLook
		}
		out = append(out, l)
	}
	return out
}

// whole gives all entries of the command that e belongs to.
func (t *turn) whole(e stock.Entry) ([]stock.Entry, error) {
	var all []stock.Entry
	for seq := e.Seq - stock.Seq(e.Part); seq <= t.book.Position().Last; seq++ {
		next, err := t.book.Entry(seq)
		if err != nil {
			return nil, err
		}
		if next.Command != e.Command {
			break
		}
		all = append(all, next)
	}
	return all, nil
}

// mine reports whether an entry is the last of an action of this person, or,
// when nobody signed in, of this station. Of a command of several entries any
// one stands for all.
func (t *turn) mine(e *stock.Entry, sku stock.SKU, undone map[stock.Seq]bool) bool {
	own := e.Operator == t.operator && (t.operator != "" || e.Station == t.station)
	switch {
	case e.Kind == stock.TransferOut || e.Kind == stock.TransferIn:
		return false // the manifest is out; the other warehouse counts on it
	case e.Kind == stock.Adjust && e.Delta == 0:
		return false // a reprint
	}
	return own && e.Kind != stock.Opening && !undone[e.Seq] && (sku == "" || e.SKU == sku)
}

// compensate asks the ledger to take the offered action back.
func (t *turn) compensate() {
	entries := t.offer.entries
	movements := make([]stock.Movement, len(entries))
	for i := range entries {
		e := &entries[len(entries)-1-i] // the last one first
		if t.handedOver(e) {
			t.offer = nil
			t.refuse(MovedOn, say(badHandedOver, e.Document), hintHandedOver)
			return
		}
		if what, short := t.movedOn(e); short {
			t.offer = nil
			t.refuse(MovedOn, say(badMovedOn, what), hintMovedOn)
			return
		}
		movements[i] = stock.Movement{Kind: stock.Undo, SKU: e.SKU, Undoes: e.Seq, Reason: "undo of " + e.Kind.String()}
	}
	if !t.mayUndo() {
		if t.question != wantSecond {
			t.offer = nil
		}
		return
	}
	text := t.offer.text
	t.save(movements, say(saidUndone, text))
	if t.pending != nil {
		t.pending.undo, t.pending.goods = true, goods{}
	}
}

// mayUndo reports whether the person may undo what is offered alone, or a second
// one has agreed, whom it asks for otherwise.
func (t *turn) mayUndo() bool {
	for i := range t.offer.entries {
		e := &t.offer.entries[i]
		if t.outOfHand(e) {
			return t.passes(gateLate, MovedOn, say(badOutOfHand, e.Document))
		}
	}
	return !t.offer.late || t.passes(gateLate, TooLate, say(badLate, t.offer.text))
}

// outOfHand reports whether an entry picked for an order that is complete and
// in nobody's hands any more: its rider may have left with it, which the hub
// tells only while there is a network.
func (t *turn) outOfHand(e *stock.Entry) bool {
	if e.Kind != stock.Pick || e.Line == "" {
		return false
	}
	id := stock.OrderID(e.Document)
	o, known := t.book.Order(id)
	p := t.book.Picked(id)
	return known && o.State == stock.OrderOpen && o.Done(&p) && t.book.Claimant(id) == ""
}

// handedOver reports whether an entry picked for an order that is not here any
// more.
func (t *turn) handedOver(e *stock.Entry) bool {
	if e.Kind != stock.Pick || e.Line == "" {
		return false
	}
	_, known := t.book.Order(stock.OrderID(e.Document))
	return !known
}

// movedOn reports whether goods that an entry brought are not there any more.
func (t *turn) movedOn(e *stock.Entry) (Text, bool) {
	back, n := e.Cell(), e.Delta
	if e.To != "" {
		back.Bin, n = e.To, -e.Delta
	}
	return placeName(back.Bin), n > 0 && sum(at(of(t.cells(back.SKU), back.Lot), back.Bin)) < n
}

// describe says what an action was.
func (t *turn) describe(entries []stock.Entry) Text {
	e := &entries[0]
	it, ok := t.item(e.SKU)
	name := same(string(e.SKU))
	if ok {
		name = nameOf(it)
	}
	n := e.Delta
	if n < 0 {
		n = -n
	}
	text := say(same("%s %s %s"), kindTexts[e.Kind], name, amount(n, it.Unit))
	if e.Count != nil {
		text = say(same("%s %s %s"), kindTexts[e.Kind], name, placeName(e.Bin))
	}
	if more := len(entries) - 1; more > 0 {
		text = say(same("%s %s"), text, say(andMore, more))
	}
	return text
}
