package floor

// Mode is the kind of work that a station does. The strings are stable: they
// appear in JSON and in the style sheet.
type Mode string

// The modes. LookUp is where a station begins and falls back to.
const (
	LookUp      Mode = "look-up"
	Receive     Mode = "receive"
	Putaway     Mode = "putaway" // from the dock to a bin
	Pick        Mode = "pick"
	Waste       Mode = "waste"
	Count       Mode = "count"
	Move        Mode = "move" // from bin to bin
	Return      Mode = "return"
	TransferOut Mode = "transfer-out"
	TransferIn  Mode = "transfer-in"
)

// Button is something that staff press, on the screen or by scanning its
// card. The strings are stable: they are what POST /api/key takes.
type Button string

// The buttons beside the digits "0" to "9", the reasons "r01" to "r20" and
// the multipliers "x2" to "x24".
const (
	OK      Button = "ok"
	Cancel  Button = "cancel"
	Undo    Button = "undo"
	Finish  Button = "finish"
	Empty   Button = "empty" // the place holds nothing (more)
	Tare    Button = "tare"
	Back    Button = "back" // takes the last digit away
	Lang    Button = "lang"
	Short   Button = "short"   // there is not enough of the goods
	Later   Button = "later"   // the line is put to the end
	Sub     Button = "sub"     // something else is taken instead
	Good    Button = "good"    // goods that came back may be sold again
	Reprint Button = "reprint" // the label once more
	Bad     Button = "bad"     // they may not

	GoLookUp  Button = "look-up"
	GoReceive Button = "receive"
	GoPutaway Button = "putaway"
	GoPick    Button = "pick"
	GoWaste   Button = "waste"
	GoCount   Button = "count"
	GoMove    Button = "move"
	GoReturn  Button = "return"
	GoOut     Button = "transfer-out"
	GoIn      Button = "transfer-in"
)

// Sound is one of seven short sounds; none is the empty Sound.
type Sound string

// The sounds.
const (
	Silence     Sound = ""
	SoundTick   Sound = "tick"      // the same code again, too soon to count
	SoundHeard  Sound = "heard"     // understood, nothing saved yet
	SoundSaved  Sound = "saved"     // in the ledger, on disk
	SoundLook   Sound = "attention" // a person has to decide or to do something
	SoundRefuse Sound = "refused"   // nothing was done
	SoundDone   Sound = "done"      // an order is complete; its parts were saved before
	SoundUndone Sound = "undone"    // an earlier action was compensated, on disk
)

// Tone is the colour of a message, always shown with its icon and word.
type Tone string

// The tones: blue, green, amber and red.
const (
	ToneInfo Tone = "info"
	ToneGood Tone = "good"
	ToneLook Tone = "look"
	ToneBad  Tone = "bad"
)

// modeOf gives the mode that a button goes to.
func modeOf(b Button) (Mode, bool) {
	_, ok := modeTexts[Mode(b)]
	return Mode(b), ok
}

// digit reports whether b is a digit of the keypad.
func (b Button) digit() bool { return len(b) == 1 && b[0] >= '0' && b[0] <= '9' }

// reason reports whether b names a reason.
func (b Button) reason() bool {
	_, ok := reasonTexts[b]
	return ok
}

// times gives the factor of a multiplier, 0 for any other button.
func (b Button) times() int64 { return multipliers[b] }

// multipliers are the factors that have a card.
var multipliers = map[Button]int64{"x2": 2, "x3": 3, "x5": 5, "x6": 6, "x10": 10, "x12": 12, "x24": 24}

// Known reports whether b is a button at all.
func (b Button) Known() bool {
	if _, ok := modeOf(b); ok || b.digit() || b.reason() || b.times() > 0 {
		return true
	}
	_, ok := buttonTexts[b]
	return ok
}
