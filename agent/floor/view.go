package floor

import (
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// View is everything that a station's page shows of its work. It is a value
// that is sent whole, so that a page that was reloaded has lost nothing.
type View struct {
	Station  string `json:"station"`
	Operator string `json:"operator"` // badge; empty when nobody signed in
	Person   string `json:"person"`   // the name of whoever signed in, or the badge
	English  bool   `json:"english"`  // the person asked for English first
	Mode     Mode   `json:"mode"`
	ModeName Text   `json:"mode_name"`
	Ask      Text   `json:"ask"`                // the one question, in very large type
	Next     Text   `json:"next"`               // the scan that is expected next
	Document string `json:"document,omitempty"` // that goods are received on
	Place    *Place `json:"place,omitempty"`
	Goods    *Goods `json:"goods,omitempty"` // what the question is about
	Lines    []Line `json:"lines,omitempty"` // collected, and not saved yet
	Found    *Found `json:"found,omitempty"` // what a look-up found
	Label    *Label `json:"label,omitempty"` // to print
	Order    *Order `json:"order,omitempty"` // that is picked
	Note     *Note  `json:"note,omitempty"`  // what the last input did
	Alert    *Alert `json:"alert,omitempty"` // red, until somebody acknowledges it
	Entry    string `json:"entry"`           // digits keyed in so far
	Times    int64  `json:"times"`           // factor for the next goods, 0 for none
	Pad      bool   `json:"pad"`             // the question is answered on the keypad
	Tare     Text   `json:"tare"`            // empty for none
	Keys     []Key  `json:"keys"`            // the buttons that make sense now
	Last     Last   `json:"last"`
	Tally    Tally  `json:"tally"`
	// IdleAt is when the station falls back to look-up if nobody does anything;
	// null in look-up.
	IdleAt *time.Time `json:"idle_at"`
	Flash  Flash      `json:"flash"`
}

// Place is the bin that the work is about.
type Place struct {
	Bin  stock.Bin `json:"bin"`
	Name Text      `json:"name"`
}

// Goods is an item with its lot and how much of it.
type Goods struct {
	SKU      stock.SKU  `json:"sku"`
	Name     Text       `json:"name"`
	Lot      stock.Lot  `json:"lot,omitempty"`
	Expiry   string     `json:"expiry,omitempty"`   // 2006-01-02
	Produced string     `json:"produced,omitempty"` // 2006-01-02
	Quantity Text       `json:"quantity"`
	Home     Text       `json:"home"` // the item's home bin
	Zone     stock.Zone `json:"zone,omitempty"`
}

// Line is one thing that was collected or saved.
type Line struct {
	Name     Text      `json:"name"`
	Lot      stock.Lot `json:"lot,omitempty"`
	Quantity Text      `json:"quantity"`
	Tone     Tone      `json:"tone,omitempty"` // amber or red where somebody has to look
}

// Order is how far the picking of an order has come.
type Order struct {
	ID    stock.OrderID `json:"id"`
	Ref   string        `json:"ref"`  // for people
	Tote  string        `json:"tote"` // empty where the ticket was scanned
	Due   *time.Time    `json:"due"`  // null where nothing was promised
	Lines int           `json:"lines"`
	Done  int           `json:"done"` // lines
	Stop  *Stop         `json:"stop"` // null when everything is picked
}

// Stop is where to go now, and what to take there. Quantities are base units.
type Stop struct {
	Bin    Text       `json:"bin"`
	Zone   stock.Zone `json:"zone"`
	Name   Text       `json:"name"`
	Lot    stock.Lot  `json:"lot,omitempty"`
	Expiry string     `json:"expiry,omitempty"`
	Want   int64      `json:"want"` // of the line
	Picked int64      `json:"picked"`
	Here   Text       `json:"here"`  // how much to take at this bin
	There  bool       `json:"there"` // somebody stands before the bin
	None   bool       `json:"none"`  // the book has none
	// Low and High are the weights in grams that are taken without asking;
	// both 0 for what is not weighed.
	Low  int64 `json:"low"`
	High int64 `json:"high"`
	Tare int64 `json:"tare"` // grams of the crate on the scale
}

// Found is what a look-up shows: an item, or what is in a bin.
type Found struct {
	Title   Text       `json:"title"`
	Sub     Text       `json:"sub"`
	Total   Text       `json:"total"`
	Facts   []Fact     `json:"facts,omitempty"`
	Cells   []Shelf    `json:"cells"`
	History []Happened `json:"history,omitempty"`
}

// Fact is a number that a look-up explains, such as how much is left to sell.
type Fact struct {
	Name  Text `json:"name"`
	Value Text `json:"value"`
	Tone  Tone `json:"tone"`
}

// Shelf is how much of a lot lies in a bin.
type Shelf struct {
	Name     Text      `json:"name"` // the item, in a look-up of a bin
	Bin      Text      `json:"bin"`
	Lot      stock.Lot `json:"lot,omitempty"`
	Expiry   string    `json:"expiry,omitempty"`
	Left     Text      `json:"left"` // time until it expires
	Tone     Tone      `json:"tone"` // red when expired, amber when close to it
	Quantity Text      `json:"quantity"`
}

// Happened is one past movement.
type Happened struct {
	Seq      stock.Seq `json:"seq"`
	Time     time.Time `json:"time"`
	Kind     Text      `json:"kind"`
	Quantity Text      `json:"quantity"`
	Where    Text      `json:"where"`
	Who      string    `json:"who,omitempty"`
}

// Note is what the last input did.
type Note struct {
	Tone Tone `json:"tone"`
	Word Text `json:"word"`
	Text Text `json:"text"`
	// Moved says that the work went from one station to another, which both show.
	Moved bool `json:"moved,omitempty"`
}

// Alert is a refusal. It stays until somebody acknowledges it with OK or
// Cancel; work goes on meanwhile.
type Alert struct {
	Reason  Reason `json:"reason"`
	Message Text   `json:"message"`
	Hint    Text   `json:"hint"`
	More    int    `json:"more"` // refusals before this one that nobody acknowledged
}

// Key is a button to show.
type Key struct {
	Button Button `json:"button"`
	Name   Text   `json:"name"`
	Main   bool   `json:"main,omitempty"` // the one that answers the question
}

// Last is the last scan, always visible.
type Last struct {
	Code  string `json:"code"`
	What  Text   `json:"what"`
	Times int    `json:"times"` // how often in a row it was scanned
	// Doubles counts reads of the same code that came too soon to count, since
	// the station started.
	Doubles int `json:"doubles"`
}

// Tally is what this station has saved since its mode began.
type Tally struct {
	Actions int  `json:"actions"`
	Items   int  `json:"items"` // different items
	Text    Text `json:"text"`
}

// Flash is what the page flashes and sounds once for each N.
type Flash struct {
	N     uint64 `json:"n"`
	Tone  Tone   `json:"tone"`
	Word  Text   `json:"word"`
	Sound Sound  `json:"sound"`
}
