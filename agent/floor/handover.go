package floor

// Leave says that a person has signed in at another station: the work of this
// one goes there.
type Leave struct{ To string }

// Arrive brings the work of another station.
type Arrive struct{ Work State }

func (Leave) input()  {}
func (Arrive) input() {}

// handOver gives the work away.
func (t *turn) handOver(in Leave) {
	if t.mode == LookUp {
		t.changed = false
		return
	}
	work := t.State
	t.work = &work
	t.enter(LookUp)
	t.operator, t.alert = "", nil
	t.show(ToneInfo, SoundTick, say(saidHandedOver, in.To))
	t.note.Moved = true
}

// takeUp goes on with the work of another station, unless something was begun
// here meanwhile. Scales stay where they are, and so does what was weighed.
func (t *turn) takeUp(in Arrive) {
	w := in.Work
	if t.mode != LookUp || t.operator != w.operator {
		if what := (&turn{State: w}).unsavedText(); !what.Empty() {
			t.refuse(Unsaved, say(badUnsaved, what), hintAgain)
			return
		}
		t.changed = false
		return
	}
	t.mode, t.english, t.document, t.place, t.placed = w.mode, w.english, w.document, w.place, w.placed
	t.delivery, t.over, t.broken, t.supplier = w.delivery, w.over, w.broken, w.supplier
	t.goods, t.question, t.reason, t.lines, t.bases = w.goods, w.question, w.reason, w.lines, w.bases
	t.latest, t.total, t.tally, t.round, t.alert = w.latest, w.total, w.tally, w.round, w.alert
	t.peer, t.bill = w.peer, w.bill
	t.approved, t.gate, t.recounted = w.approved, w.gate, w.recounted
	if r := t.round; r != nil {
		if who := t.book.Claimant(r.order); who != "" && who != t.station {
			t.enter(LookUp)
			t.refuse(OrderTaken, say(badOrderTaken, string(r.order), who), hintOrderTaken)
			return
		}
	}
	t.awake = t.now
	t.show(ToneInfo, SoundHeard, say(saidTakenOver, w.station))
	t.note.Moved = true
}
