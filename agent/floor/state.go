package floor

import (
	"slices"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// State is the work of one station at one moment. It is a value: Step gives a
// new one and leaves the old one as it was, so it can be kept, compared, and
// handed to another station.
type State struct {
	station  string
	operator string
	english  bool
	mode     Mode
	awake    time.Time // the last thing that a person did here

	entry     string    // digits keyed in
	times     int64     // factor for the next goods; 0 for none
	place     stock.Bin // the bin that the work is about
	placed    bool      // place was named; "" is the dock
	goods     *goods    // what the question is about; never changed in place
	document  string    // inbound document that goods are received on
	delivery  *delivery // what was announced of it; nil where nothing was; never changed in place
	over      bool      // more than was announced is to be taken of the goods
	broken    int64     // how much of what was received last is not good, base units
	question  question
	lines     []goods // collected and not saved; copied before it is changed
	bases     []basis // what the book had when a count began; copied before it is changed
	reason    Button
	target    stock.Bin       // that goods were to go into when a second person was asked for
	parts     parts           // lot and date codes that wait for their product
	latest    *goods          // what this mode saved last
	total     int64           // how much of it, base units
	offer     *offer          // the action that UNDO would take back
	peer      stock.Warehouse // that goods go to
	supplier  bool            // goods go back on the document, to whom they came from
	bill      *Manifest       // that goods came with; never changed
	label     *Label          // what was made to print last
	signing   *signing        // a badge that waits for its PIN; never changed in place
	gate      gate            // that a second person is asked for
	approved  []approval      // of the goods or lines at hand; copied before it is changed
	recounted recount         // a count that is to be made once more
	emptied   bool            // that count says that the rest of the bin is gone
	round     *round          // the order that is picked; never changed in place
	leaving   Button          // the mode card that would give unsaved work up
	sought    sought
	chores    chores
	pans      []pan // copied before it is changed

	pending *pending // the command that the ledger has not answered yet

	note  Note
	alert *Alert
	flash Flash
	last  Last
	seen  seen
	tally tally
}

// New gives the state that a station starts with.
func New(station string) State { return State{station: station, mode: LookUp} }

// question is what the station waits for, where the goods alone do not say it.
type question uint8

const (
	noQuestion  question = iota
	wantLot              // of the goods; OK says that there is none
	wantDate             // of the goods
	wantWhich            // which of several lots of the goods
	wantWeight           // of the goods
	wantML               // of the goods, from the keypad
	wantEarlier          // why not the earlier lot; a reason answers
	wantRest             // whether what was not counted is gone
	wantFound            // how much there is of goods that are short, and why
	wantOff              // why a weight outside the tolerance is to be taken
	wantZero             // whether the bin is empty, as the book says
	wantVerdict          // whether goods that came back are good
	wantHome             // the bin that they go into
	wantSecond           // a second person, who approves
	wantDamaged          // how many of what was received are not good
	wantOver             // whether more than was announced is to be taken; the document answers
)

// goods is an item that was scanned, as far as it is known.
type goods struct {
	item     stock.Item
	lot      stock.Lot
	expiry   stock.Date
	produced stock.Date
	named    bool  // a code or a person said which lot, or which date
	byCode   bool  // a date came in a code of its own, so a lot may follow
	noLot    bool  // a person said that there is no lot
	qty      int64 // base units; 0 while it is to be weighed
	loose    bool  // the scale says how much
	scan     []byte
	device   string
	frame    []byte
	scale    string    // which one weighed it
	since    time.Time // when its last code was scanned
}

// parts are a lot and dates that were scanned before their product.
type parts struct {
	lot      stock.Lot
	expiry   stock.Date
	produced stock.Date
	at       time.Time
}

// sought is what a look-up was about.
type sought struct {
	sku   stock.SKU
	bin   stock.Bin
	isBin bool
	order stock.OrderID
	// condemned are goods that were scanned and may not be sold: the Waste card
	// takes them up; never changed in place.
	condemned *goods
}

// seen is the last code, to tell that the same one came again.
type seen struct {
	raw    string
	device string
	at     time.Time
	times  int
}

// tally counts what was saved since the mode began.
type tally struct {
	actions int
	skus    []stock.SKU // copied before it is changed
	qty     int64
	unit    stock.Unit
	mixed   bool // of several units
}

func (t tally) add(g goods) tally {
	t.actions++
	if len(t.skus) == 0 {
		t.unit = g.item.Unit
	}
	t.mixed = t.mixed || t.unit != g.item.Unit
	t.qty += g.qty
	if !slices.Contains(t.skus, g.item.SKU) {
		t.skus = append(slices.Clone(t.skus), g.item.SKU)
	}
	return t
}
