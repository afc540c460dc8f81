package floor

import (
	"slices"
	"time"

	"github.com/forestock/forestock/firmware-bridge/scale"
)

// pan is what is known of one scale.
type pan struct {
	device  string
	gross   int64 // grams
	settled bool
	fault   string
	frame   []byte
	at      time.Time
	still   int64     // the weight that it has settled at
	since   time.Time // since when; zero while it moves
	moving  time.Time // since when it moves; zero while it is settled
	tare    int64     // grams
	used    bool      // something was booked with this tare
	armed   bool      // the pan was empty since the last weight that was taken
	taken   int64     // that weight
	told    bool      // that the weight changed since
}

// net gives the weight without the tare.
func (p *pan) net() int64 { return p.gross - p.tare }

// weight takes what a scale shows. Most of the time that changes nothing.
func (t *turn) weight(in Weight) {
	t.changed = false
	p := t.panOf(in.Device)
	fault, held := p.fault, t.holding(p)
	p.gross, p.settled, p.fault, p.frame, p.at = in.Grams, in.Settled, in.Fault, in.Frame, in.At
	if t.now.Sub(p.at) > t.rules.WeightAge {
		p.settled = false
	}
	t.settle(p)
	t.rest(p)
	waiting := t.goods != nil && t.question == wantWeight
	switch {
	case waiting && p.fault != "" && p.fault != fault:
		t.changed = true
		t.show(ToneLook, SoundLook, say(saidScale, faultText(p.fault)))
	case waiting && t.ready(p):
		t.changed = true
		t.note = Note{}
		t.trade().advance(t)
	case waiting && t.holding(p) && !held:
		t.changed = true
		t.note = Note{} // the question says it
	case waiting && t.restless(p):
		p.told, t.changed = true, true
		t.show(ToneLook, SoundLook, saidRestless)
	case p.moved(t.rules.PanEmpty):
		p.told, t.changed = true, true
		t.show(ToneLook, SoundLook, say(saidChanged, grams(p.net()), grams(p.taken)))
	case waiting && held && !t.holding(p):
		t.changed = true
		t.note = Note{}
	}
}

// settle notes since when the weight has not changed.
func (t *turn) settle(p *pan) {
	if !p.settled {
		p.since = time.Time{}
		if p.moving.IsZero() {
			p.moving = t.now
		}
		return
	}
	diff := p.gross - p.still
	if p.since.IsZero() || diff > t.rules.PanEmpty || diff < -t.rules.PanEmpty {
		p.still, p.since = p.gross, t.now
	}
	p.moving = time.Time{}
}

// restlessAfter is how long a weight may move before somebody is told.
const restlessAfter = 5 * time.Second

// restless reports whether the scale cannot find its rest, and nobody was told yet.
func (t *turn) restless(p *pan) bool {
	return !p.moving.IsZero() && !p.told && t.now.Sub(p.moving) > restlessAfter
}

// rest notes when the pan comes to rest empty, with or without the tared crate.
func (t *turn) rest(p *pan) {
	most := t.rules.PanEmpty
	bare := p.gross <= most // also below zero: the scale's own tare was lifted off
	if !p.settled || (!bare && (p.net() > most || p.net() < -most)) {
		return
	}
	if !p.armed {
		t.changed = true
	}
	p.armed, p.told = true, false
	if bare && p.used {
		p.tare, p.used, t.changed = 0, false, true // the crate left with the goods
	}
}

// bookable reports whether what lies on the pan may be booked, if a person says so.
func (t *turn) bookable(p *pan) bool {
	return p.armed && p.settled && p.fault == "" && t.now.Sub(p.at) <= t.rules.WeightAge && p.net() > t.rules.PanEmpty
}

// ready reports whether it may be booked by itself: it has stayed long enough.
func (t *turn) ready(p *pan) bool { return t.bookable(p) && t.now.Sub(p.since) >= t.rules.SettleFor }

// holding reports whether it will be booked if it stays.
func (t *turn) holding(p *pan) bool { return t.bookable(p) && !t.ready(p) }

// weighNow books what lies on a pan without waiting for it to stay.
func (t *turn) weighNow() {
	if !slices.ContainsFunc(t.pans, func(p pan) bool { return t.bookable(&p) }) {
		t.show(ToneLook, SoundLook, badNoWeight)
		return
	}
	t.hurry = true
	t.trade().advance(t)
}

// moved reports whether a weight that was taken has changed, and nobody was
// told yet: goods that are added on top are not booked by themselves.
func (p *pan) moved(least int64) bool {
	diff := p.net() - p.taken
	return !p.armed && p.settled && p.fault == "" && p.taken > 0 && !p.told && (diff > least || diff < -least)
}

// weigh puts the weight into goods that are waiting for one, or asks for it.
func (t *turn) weigh(g *goods) bool {
	if !g.loose || g.qty > 0 {
		return true
	}
	if g.item.Unit != "g" {
		t.wait(*g, wantML)
		return false
	}
	for i := range t.pans {
		p := &t.pans[i]
		if t.ready(p) || (t.hurry && t.bookable(p)) {
			g.qty, g.frame, g.scale = p.net(), p.frame, p.device
			return true
		}
	}
	t.wait(*g, wantWeight)
	return false
}

// consume notes that a weight was taken: the pan must come to rest empty
// before the next one.
func (t *turn) consume(g *goods) {
	if g.scale == "" {
		return
	}
	p := t.panOf(g.scale)
	p.armed, p.taken, p.told, p.used = false, g.qty, false, p.tare != 0
}

// takeTare makes what lies on the scale the tare, or forgets it when the pan
// is empty. What was booked before counts as part of the tare, never again.
func (t *turn) takeTare() {
	for i := range t.pans {
		p := t.panOf(t.pans[i].device)
		if !p.settled || p.fault != "" || t.now.Sub(p.at) > t.rules.WeightAge {
			continue
		}
		p.tare, p.used, p.armed, p.told, p.since = p.gross, false, true, false, t.now
		if p.gross <= t.rules.PanEmpty {
			p.tare = 0
			t.show(ToneInfo, SoundHeard, saidNoTare)
			return
		}
		t.show(ToneInfo, SoundHeard, say(saidTare, grams(p.tare)))
		return
	}
	t.refuse(NoWeight, badNoWeight, hintNoWeight)
}

// crate makes the tare what the code on a crate says, without weighing it. It
// counts for the next goods; whether the pan was empty since the last ones is
// another matter. A tare belongs to the work that was begun, so where nothing
// is weighed the code is refused rather than forgotten.
func (t *turn) crate(tare int64) {
	if t.mode == LookUp {
		t.notHere(say(saidCrate, grams(tare)))
		return
	}
	if len(t.pans) == 0 {
		t.refuse(NoWeight, badNoWeight, hintNoWeight)
		return
	}
	p := t.panOf(t.pans[0].device)
	p.tare, p.used, p.told, p.since = tare, false, false, t.now
	t.show(ToneInfo, SoundHeard, say(saidTare, grams(tare)))
}

// lost voids what a scale showed.
func (t *turn) lost(device string) {
	t.changed = false
	i := slices.IndexFunc(t.pans, func(p pan) bool { return p.device == device })
	if i < 0 {
		return
	}
	p := t.panOf(device)
	p.settled, p.fault, p.at, p.since, p.moving = false, "", time.Time{}, time.Time{}, time.Time{}
	if t.goods != nil && t.question == wantWeight {
		t.changed = true
		t.show(ToneLook, SoundLook, saidGone)
	}
}

// panOf gives the pan of a scale, in a copy that this turn may change.
func (t *turn) panOf(device string) *pan {
	if !t.ownPans {
		t.pans, t.ownPans = slices.Clone(t.pans), true
	}
	i := slices.IndexFunc(t.pans, func(p pan) bool { return p.device == device })
	if i < 0 {
		i = len(t.pans)
		t.pans = append(t.pans, pan{device: device})
	}
	return &t.pans[i]
}

// faultText says what a scale's fault means.
func faultText(fault string) Text {
	f := scale.Fault(fault)
	zh, ok := faultTexts[f]
	if !ok {
		return same(fault)
	}
	return Text{zh, f.Message()}
}

// WeightOf puts a reading into the words of the floor.
func WeightOf(device string, r scale.Reading) Weight {
	w := Weight{Device: device, Frame: r.Raw, At: r.At, Fault: string(r.Fault)}
	g, ok := r.Grams()
	switch {
	case ok:
		w.Grams, w.Settled = g, r.Settled()
	case r.Fault == scale.NoFault:
		w.Fault = string(scale.NoValue) // pieces, percents, or a unit that nobody knows
	}
	return w
}

func grams(n int64) Text { return amount(n, "g") }
