package floor

import "slices"

// signing is a badge that waits for its PIN.
type signing struct {
	badge   string
	asked   question // the question before, which an approval answers
	approve bool     // the person comes to approve, not to work
}

// Try is a PIN that was keyed in. The desks of a warehouse count the wrong ones
// together.
type Try struct {
	Badge string
	Right bool
}

// mostTries is how many wrong PINs lock a badge.
const mostTries = 5

// badge takes a badge: of somebody who comes to work here, or of whoever is to
// approve what the person at work may not do alone.
func (t *turn) badge(number string) {
	p, known := t.rules.person(number)
	approve := t.question == wantSecond
	switch {
	case !known:
		t.refuse(UnknownBadge, say(badBadgeUnknown, number), hintSupervisor)
	case approve && number == t.operator:
		t.refuse(NeedSecond, badSamePerson, hintSecond)
	case approve && len(t.rules.People) > 0 && !p.Supervisor:
		t.refuse(NeedSecond, say(badNoSupervisor, t.rules.name(number)), hintSecond)
	case p.PIN != "" && t.book.WrongPINs(number) >= mostTries:
		t.refuse(BadgeLocked, say(badLocked, t.rules.name(number)), hintLocked)
	case p.PIN != "":
		t.alert = nil // the keypad is wanted
		t.signing, t.entry = &signing{badge: number, asked: t.question, approve: approve}, ""
		t.hear()
	case approve:
		t.approve(number)
	default:
		t.signIn(number)
	}
}

// pin takes a digit of a PIN, and checks it when it is whole.
func (t *turn) pin(b Button) {
	switch {
	case b == Back && t.entry != "":
		t.entry = t.entry[:len(t.entry)-1]
	case b == Cancel:
		t.signing, t.entry = nil, ""
		t.hear()
		return
	case b.digit():
		t.entry += string(b)
	default:
		t.notHere(buttonName(b))
		return
	}
	if len(t.entry) < pinLength {
		t.hear()
		return
	}
	s, pin := *t.signing, t.entry
	t.signing, t.entry = nil, ""
	p, _ := t.rules.person(s.badge)
	right := p.checks(pin)
	t.tried = &Try{s.badge, right}
	switch left := mostTries - 1 - t.book.WrongPINs(s.badge); {
	case right && s.approve && t.question == s.asked:
		t.approve(s.badge)
	case right && !s.approve:
		t.signIn(s.badge)
	case right:
		t.hear() // what was to be approved is gone
	case left > 0:
		t.refuse(WrongPIN, say(badPIN, left), hintPIN)
	default:
		t.refuse(BadgeLocked, say(badLocked, t.rules.name(s.badge)), hintLocked)
	}
}

func (t *turn) signIn(number string) {
	if number != t.operator {
		t.disown()
	}
	t.operator = number
	if t.mode == Count && t.recounted.tries > 1 {
		t.lines, t.bases = nil, nil // a third count is somebody else's from its first scan
	}
	if t.mode == LookUp {
		t.fetch = number
	}
	t.show(ToneInfo, SoundHeard, say(saidSignedIn, t.rules.name(number)))
}

// disown voids what was approved for the person before: whoever agreed may be
// the one who works here now.
func (t *turn) disown() {
	if len(t.approved) == 0 {
		return
	}
	if g := t.goods; g != nil {
		t.drop()
		t.refuse(Unsaved, say(badUnsaved, nameOf(g.item)), hintAgain)
	}
	t.approved = nil
}

// gate is something that a person may not do alone.
type gate string

const (
	gateLife   gate = "short life"
	gateZone   gate = "another temperature"
	gateValue  gate = "value"
	gateReturn gate = "return without an order"
	gateLate   gate = "late undo"
)

// passes reports whether a gate is open: a second person has approved what is
// about to be done. If not it asks for one, in red.
func (t *turn) passes(g gate, reason Reason, message Text) bool {
	if slices.Contains(t.approved, approval{g, t.approver(g)}) {
		return true
	}
	if t.operator == "" {
		t.drop() // two people are two badges
		t.refuse(NeedBadge, badBadge, hintBadge)
		return false
	}
	t.gate, t.question = g, wantSecond
	t.refuse(reason, message, hintSecond)
	return false
}

// approval is what a second person has said yes to.
type approval struct {
	gate gate
	by   string // badge
}

func (t *turn) approver(g gate) string {
	for _, a := range t.approved {
		if a.gate == g {
			return a.by
		}
	}
	return ""
}

// approve lets what was asked for happen.
func (t *turn) approve(badge string) {
	t.approved = append(slices.Clone(t.approved), approval{t.gate, badge})
	t.question, t.alert = noQuestion, nil
	t.show(ToneInfo, SoundHeard, say(saidApproved, t.rules.name(badge)))
	if t.offer != nil {
		t.compensate()
		return
	}
	t.trade().advance(t)
}

// approvedBy adds who approved to the reason of a movement.
func (t *turn) approvedBy(reason string) string {
	for _, a := range t.approved {
		if reason != "" {
			reason += "; "
		}
		reason += string(a.gate) + " approved by " + a.by
	}
	return reason
}
