package barcode

import "time"

// Symbol is what a scanner read.
type Symbol struct {
	AIM  string    // symbology identifier such as "]E0", or empty when the scanner sends none
	Data string    // the characters, with GS (1D) where the symbol has FNC1
	At   time.Time // when; decides the century of two-digit years. Zero means the year 2025
}

// Kind is what a code stands for.
type Kind string

// The kinds of code.
const (
	Item     Kind = "item"     // an article: GTIN, perhaps with lot, dates, weight, count
	Measured Kind = "measured" // a label weighed or priced in the shop: Item number or GTIN, with weight or amount
	Logistic Kind = "logistic" // a pallet or box: SSCC
	CardCode Kind = "card"     // one of the warehouse's own cards
	Elements Kind = "elements" // GS1 elements that name no article
	Text     Kind = "text"     // anything else; means what the warehouse makes it mean
)

// Code is what a symbol says.
type Code struct {
	Kind      Kind
	Symbology string // by its identifier, such as "EAN13" or "GS1-128"; empty when unknown
	Text      string // the characters as read

	GTIN      GTIN // 14 digits; for Measured the number with its variable digits set to zero; empty when there is none
	Contained bool // GTIN is what a logistic unit contains, AI 02
	SSCC      string
	Lot       string
	Serial    string

	Produced, Packed, BestBefore, SellBy, Expiry Date

	Milligrams int64 // net weight; see HasWeight
	HasWeight  bool
	Count      int64 // pieces or units, AI 30 or 37; see HasCount
	HasCount   bool
	Amount     int64 // price of the piece in the smallest unit of money (AmountPlaces decimals); see HasAmount
	Places     int   // of Amount
	HasAmount  bool

	ItemNumber string // of Measured: the shop's own number
	AddOn      string // two or five digits beside an EAN
	Card       Card
	Elements   []Element // everything, in the order of the symbol
	Warnings   []string  // what is unusual but not wrong
}

// Grams returns the net weight in whole grams, rounded half up; ok is false when the code has none.
func (c Code) Grams() (whole int64, ok bool) { return (c.Milligrams + 500) / 1000, c.HasWeight }

// UseBy returns the date after which the article must not be sold: the expiry date, or else best before, or sell by.
func (c Code) UseBy() (Date, bool) {
	for _, d := range []Date{c.Expiry, c.BestBefore, c.SellBy} {
		if d != (Date{}) {
			return d, true
		}
	}
	return Date{}, false
}

// Element is one application identifier and its value.
type Element struct{ AI, Value string }
