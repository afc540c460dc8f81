package barcode

import (
	"fmt"
	"strings"
)

// Card is one of the warehouse's own labels. Its digits are a GS1 element of an identifier that GS1 leaves to companies,
// so that a card cannot be taken for an article; the last two are a check over the number (ISO 7064, MOD 97-10). Digits
// only: an input method on a keyboard does not touch them.
type Card struct {
	Type   CardType
	Number string // without the check
}

// CardType is what a card is for; its string is the GS1 application identifier.
type CardType string

// The types of card. Command, bin, badge, tote and crate numbers have six digits. Order and inbound numbers have six to
// 26, except those that would make the whole card as long as an article number (8, 9 and 10).
const (
	BinCard     CardType = "91"
	BadgeCard   CardType = "92"
	ToteCard    CardType = "93"
	OrderCard   CardType = "94"
	InboundCard CardType = "95"
	CrateCard   CardType = "96" // a crate whose tare is known
	CommandCard CardType = "99"
)

// String names the type.
func (t CardType) String() string {
	switch t {
	case BinCard:
		return "bin"
	case BadgeCard:
		return "badge"
	case ToteCard:
		return "tote"
	case OrderCard:
		return "order"
	case InboundCard:
		return "inbound"
	case CrateCard:
		return "crate"
	case CommandCard:
		return "command"
	}
	return string("card type " + t)
}

func (t CardType) known() bool {
	switch t {
	case BinCard, BadgeCard, ToteCard, OrderCard, InboundCard, CrateCard, CommandCard:
		return true
	}
	return false
}

// fits reports whether a number of n digits can be on such a card.
func (t CardType) fits(n int) bool {
	if t == OrderCard || t == InboundCard {
		return n >= 6 && n <= 26 && (n < 8 || n > 10)
	}
	return n == 6
}

// NewCard returns the card of a number, padded with zeros on the left to a length that fits.
func NewCard(t CardType, number string) (Card, error) {
	if !t.known() {
		return Card{}, fmt.Errorf("no card has type %q", string(t))
	}
	if !numeric(number) {
		return Card{}, fmt.Errorf("%s card %q: want digits only", t, number)
	}
	for n := len(number); n <= 26; n++ {
		if t.fits(n) {
			return Card{t, strings.Repeat("0", n-len(number)) + number}, nil
		}
	}
	return Card{}, fmt.Errorf("%s card %s: too many digits", t, number)
}

// Data is what the barcode of the card holds: print it as GS1-128, GS1 DataMatrix or plain Code 128.
func (c Card) Data() string { return string(c.Type) + c.Number + check97(c.Number) }

// Label is what stands below the bars, such as "(91)010205 38".
func (c Card) Label() string { return "(" + string(c.Type) + ")" + c.Number + " " + check97(c.Number) }

// cardOf reads a card from an identifier and its value. Only a value that has the form of a card is one: digits only, of a
// length that fits. A company's own 91 to 99 with other content is no card and no error.
func cardOf(e Element) (Card, bool, *Error) {
	t := CardType(e.AI)
	if !t.known() || !numeric(e.Value) || len(e.Value) < 3 || !t.fits(len(e.Value)-2) {
		return Card{}, false, nil
	}
	number, check := e.Value[:len(e.Value)-2], e.Value[len(e.Value)-2:]
	if want := check97(number); want != check {
		return Card{}, true, &Error{Reason: BadCheckDigit, Code: e.AI + e.Value, Part: t.String() + " card", Want: want}
	}
	return Card{t, number}, true, nil
}

// check97 returns two digits such that number and check together leave 1 when divided by 97. It notices every wrong digit
// and every swap of two digits.
func check97(number string) string {
	rest := 0
	for i := range len(number) {
		rest = (rest*10 + int(number[i]-'0')) % 97
	}
	return fmt.Sprintf("%02d", 98-rest*100%97)
}
