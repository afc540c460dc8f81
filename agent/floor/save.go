package floor

import (
	"github.com/forestock/forestock/proto/stock"
)

// pending is a command that the ledger has not answered yet.
type pending struct {
	id    string
	goods goods
	lines []goods // what it books, for the tally
	undo  bool
	times int    // how often in a row its code was scanned
	label *Label // to print once it is saved
	look  bool   // saved, and somebody has to see to something
	again bool   // the label was printed before
	text  Text   // what to say once it is saved
}

// save asks the ledger for movements. Nothing of the state that led to them is
// given up before the answer.
func (t *turn) save(movements []stock.Movement, text Text) {
	if t.rules.NeedBadge && t.operator == "" {
		t.release()
		t.refuse(NeedBadge, badBadge, hintBadge)
		return
	}
	for i := range movements {
		m := &movements[i]
		m.Time, m.Operator, m.Station = t.now, t.operator, t.station
		m.Reason = t.approvedBy(m.Reason)
	}
	p := &pending{id: t.id, text: text, times: 1}
	p.lines = merged(t.lines, t.place)
	if t.goods != nil {
		p.goods = *t.goods
		p.lines = []goods{p.goods}
	}
	if t.scanned {
		p.times = t.seen.times
	}
	t.pending = p
	t.command = &stock.Command{ID: t.id, Movements: movements}
	if !t.refused {
		t.sound, t.note = Silence, Note{}
	}
}

// outcome takes the ledger's answer. Only here anything is ever called saved.
func (t *turn) outcome(o Outcome) {
	p := t.pending
	if p == nil || o.Command != p.id {
		t.changed = false
		return
	}
	t.pending, t.awake = nil, t.now
	if o.Err != nil {
		t.failed(o)
		return
	}
	if p.undo {
		for i := range t.offer.entries {
			t.recollect(t.offer.entries[i].SKU)
		}
		t.show(ToneGood, SoundUndone, p.text)
		t.offer, t.latest, t.total = nil, nil, 0
		t.gate, t.approved = "", nil
		return
	}
	t.consume(&p.goods)
	if p.again {
		t.label, t.print = p.label, p.label // a reprint leaves the work as it is
		t.show(ToneGood, SoundSaved, p.text)
		return
	}
	label := t.weightLabel(&p.goods)
	t.trade().saved(t, p)
	if label == nil {
		label = p.label
	}
	if label != nil {
		t.label, t.print = label, label
	}
	switch {
	case o.Replayed:
		t.show(ToneGood, SoundSaved, saidReplayed)
		return
	case p.times > 1:
		t.show(ToneLook, SoundSaved, say(same("%s · %s"), p.text, say(saidTwice, p.times)))
	case p.look:
		t.show(ToneLook, SoundSaved, p.text)
	default:
		t.show(ToneGood, SoundSaved, p.text)
	}
	for _, g := range p.lines {
		t.tally = t.tally.add(g)
	}
}

// failures are the outcomes that do not depend on what was asked.
var failures = map[Reason]struct{ message, hint Text }{
	DiskFull:      {badDisk, hintDisk},
	LedgerStopped: {badLedger, hintLedger},
	LedgerUnsure:  {badUnsure, hintUnsure},
}

// release forgets goods that were not saved, where a single scan brings them
// back and books them; what was collected over several scans is kept.
func (t *turn) release() {
	if t.mode == Receive || t.mode == Pick || t.mode == Return {
		t.drop()
	}
}

// failed says why the ledger did not save.
func (t *turn) failed(o Outcome) {
	t.release()
	if told, ok := failures[o.Reason]; ok {
		t.refuse(o.Reason, told.message, told.hint)
		return
	}
	t.refuse(LedgerRefused, say(badRefused, o.message()), hintRefused)
}
