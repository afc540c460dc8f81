package floor

import (
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Effect is what a step does to the world.
type Effect struct {
	View    View
	Changed bool           // View may differ from that of the step before
	Sound   Sound          // also in View.Flash
	Command *stock.Command // for the ledger; its Outcome must be the next input
	// Fetch is the badge of somebody who has come to this station: what that
	// person works on elsewhere is to be brought here.
	Fetch string
	Tried *Try   // a PIN that was keyed in
	Work  *State // what another station takes over, after a Leave
	Print *Label // to print now; View.Label shows it, too
}

// Step takes one input. It gives the next state and what follows from it, and
// leaves s as it was. While a command has no outcome, codes and buttons are
// refused and everything else is ignored.
func Step(s State, in Input, book Book, rules Rules, now time.Time) (State, Effect) {
	t := &turn{State: s, book: book, rules: rules, now: now}
	t.changed = true
	t.take(in)
	next := t.State
	return next, Effect{View: t.view(), Changed: t.changed, Sound: t.sound, Command: t.command, Fetch: t.fetch, Tried: t.tried, Work: t.work, Print: t.print}
}

// turn is one step in the making.
type turn struct {
	State
	book    Book
	rules   Rules
	now     time.Time
	id      string // of the input
	scanned bool   // the input is the code of an item
	refused bool   // red in this turn; nothing covers it
	hurry   bool   // a person said that a weight is to be booked at once
	sure    bool   // a person pressed the same button again after a warning
	ownPans bool   // pans is a copy that may be changed
	sound   Sound
	command *stock.Command
	changed bool
	work    *State // that another station takes over
	tried   *Try
	print   *Label
	fetch   string // the badge whose work is to be taken over
}

func (t *turn) take(in Input) {
	if o, ok := in.(Outcome); ok {
		t.outcome(o)
		return
	}
	if t.pending != nil {
		t.busy(in)
		return
	}
	if t.orderGone(in) {
		return
	}
	switch in := in.(type) {
	case Scan:
		t.id = in.ID
		t.person()
		t.scan(in)
	case Press:
		t.id = in.ID
		t.person()
		t.press(in.Button)
	case Repeat:
		if in.After < t.rules.repeatIn(t.mode) {
			t.double()
			return
		}
		t.id = in.ID
		t.person()
		t.scan(in.Scan)
	case Garbled:
		t.show(ToneLook, SoundLook, say(same("%s · %s"), badMisread, hintMisread))
	case Overflow:
		t.refuse(Overrun, say(badOverrun, in.Scans), hintOverrun)
	case Weight:
		t.id = in.ID
		t.weight(in)
	case Lost:
		t.lost(in.Device)
	case Tick:
		t.tick()
	case Leave:
		t.handOver(in)
	case Arrive:
		t.takeUp(in)
	}
}

// double shows that a code came too soon to count.
func (t *turn) double() {
	t.last.Doubles++
	t.flash = Flash{N: t.flash.N + 1, Tone: ToneInfo, Sound: SoundTick}
	t.sound = SoundTick
}

// busy refuses what comes while the ledger has not answered. Desk never lets it
// come so far.
func (t *turn) busy(in Input) {
	switch in.(type) {
	case Scan, Press:
		t.refuse(Busy, badBusy, hintBusy)
	default:
		t.changed = false
	}
}

// person notes that somebody is there. What the last input did makes room.
func (t *turn) person() {
	t.awake = t.now
	t.note = Note{}
	if t.mode != TransferOut {
		t.label = nil // a manifest stays until the next one is begun
	}
}

// tick lets an unused station fall back to look-up. Unsaved work is given up
// loudly; it is never booked.
func (t *turn) tick() {
	if t.mode == LookUp {
		t.survey()
	}
	if t.mode == LookUp || t.now.Sub(t.awake) < t.rules.IdleAfter {
		return
	}
	what := t.unsavedText()
	t.enter(LookUp)
	if what.Empty() {
		t.show(ToneInfo, SoundTick, saidIdle)
		return
	}
	t.refuse(Unsaved, say(badUnsaved, what), hintAgain)
}

// show says what happened, with a sound.
func (t *turn) show(tone Tone, sound Sound, text Text) {
	if t.refused {
		return
	}
	word := toneTexts[tone]
	if sound == SoundUndone {
		word = undoneWord
	}
	t.note = Note{Tone: tone, Word: word, Text: text}
	t.sound = sound
	t.flash = Flash{N: t.flash.N + 1, Tone: tone, Word: word, Sound: sound}
}

// hear says that something was understood, where the screen itself shows what.
func (t *turn) hear() {
	if t.refused {
		return
	}
	t.note, t.sound = Note{}, SoundHeard
	t.flash = Flash{N: t.flash.N + 1, Tone: ToneInfo, Word: toneTexts[ToneInfo], Sound: SoundHeard}
}

// again says what a code did, in amber when the same one came several times in
// a row, so that a double read that got through is noticed.
func (t *turn) again(text Text) {
	if n := t.seen.times; t.scanned && n > 1 {
		t.show(ToneLook, SoundHeard, say(same("%s · %s"), text, say(saidTwice, n)))
		return
	}
	t.show(ToneInfo, SoundHeard, text)
}

// refuse says in red what is wrong and what to do. It stays until somebody
// acknowledges it.
func (t *turn) refuse(reason Reason, message, hint Text) {
	more := 0
	if t.alert != nil {
		more = t.alert.More + 1
	}
	t.alert = &Alert{Reason: reason, Message: message, Hint: hint, More: more}
	t.show(ToneBad, SoundRefuse, message)
	t.refused = true
}

// acknowledge takes an alert away; false when there is none.
func (t *turn) acknowledge() bool {
	if t.alert == nil {
		return false
	}
	t.alert = nil
	t.hear()
	return true
}

// enter begins a mode.
func (t *turn) enter(m Mode) {
	t.leave()
	t.mode = m
	t.tally = tally{}
	t.sought = sought{}
	if m == LookUp {
		t.survey()
	}
	if m == Putaway {
		t.place, t.placed = "", true // from the dock
	}
}

// leave forgets the work that was begun.
func (t *turn) leave() {
	t.entry, t.times, t.place, t.placed = "", 0, "", false
	t.goods, t.question, t.reason = nil, noQuestion, ""
	t.lines, t.bases, t.parts, t.document = nil, nil, parts{}, ""
	t.delivery, t.over, t.broken, t.supplier = nil, false, 0, false
	t.latest, t.total, t.offer, t.leaving, t.round = nil, 0, nil, "", nil
	t.peer, t.bill, t.label = "", nil, nil
	t.signing, t.gate, t.approved, t.recounted = nil, "", nil, recount{}
	for _, p := range t.pans {
		if p.tare != 0 {
			mine := t.panOf(p.device)
			mine.tare, mine.used = 0, false
		}
	}
}
