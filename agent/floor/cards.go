package floor

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

// The numbers of the command cards. Cards hang on walls for years: a number is
// never given to another button.
var cardNumbers = map[string]Button{
	"000001": OK, "000002": Cancel, "000003": Undo, "000004": Finish,
	"000005": Empty, "000006": Tare, "000007": Lang, "000008": Short, "000009": Later, "000010": Sub, "000011": Good, "000012": Bad, "000013": Reprint,
	"000101": GoLookUp, "000102": GoReceive, "000103": GoPutaway, "000104": GoPick,
	"000105": GoWaste, "000106": GoCount, "000107": GoMove, "000108": GoReturn, "000109": GoOut, "000110": GoIn,
	"000302": "x2", "000303": "x3", "000305": "x5", "000306": "x6",
	"000310": "x10", "000312": "x12", "000324": "x24",
	"000201": "r01", "000202": "r02", "000203": "r03", "000204": "r04", "000205": "r05",
	"000206": "r06", "000207": "r07", "000208": "r08", "000209": "r09", "000210": "r10",
}

// CardOf gives the command card of a button, to print it; false for buttons
// without one, such as digits.
func CardOf(b Button) (barcode.Card, bool) {
	for number, button := range cardNumbers {
		if button == b {
			return barcode.Card{Type: barcode.CommandCard, Number: number}, true
		}
	}
	return barcode.Card{}, false
}

// Command is a command card with what is written on it.
type Command struct {
	Card   barcode.Card
	Button Button
	Name   Text
}

// Commands gives every command card in the order of their numbers, to print them.
func Commands() []Command {
	out := make([]Command, 0, len(cardNumbers))
	for _, number := range slices.Sorted(maps.Keys(cardNumbers)) {
		b := cardNumbers[number]
		out = append(out, Command{barcode.Card{Type: barcode.CommandCard, Number: number}, b, buttonName(b)})
	}
	return out
}

func buttonOf(c barcode.Card) (Button, bool) {
	b, ok := cardNumbers[c.Number]
	return b, ok
}

// buttonName gives what is written on a button.
func buttonName(b Button) Text {
	if t, ok := buttonTexts[b]; ok {
		return t
	}
	if t, ok := reasonTexts[b]; ok {
		return t
	}
	if m, ok := modeOf(b); ok {
		return modeTexts[m]
	}
	if n := b.times(); n > 0 {
		return say(same("×%d"), n)
	}
	return same(string(b))
}

// reasonName gives a reason as the ledger keeps it: its card and its meaning.
func reasonName(b Button) string {
	t, ok := reasonTexts[b]
	if !ok {
		return ""
	}
	return string(b) + " " + t.En
}

// ZoneName gives what is written on the bins of a temperature zone; empty for none.
func ZoneName(z stock.Zone) Text { return zoneTexts[z] }

// BinOf gives the bin that a bin card stands for. Its six digits are zone,
// aisle and place; zones 01 to 26 are written A to Z: 010205 is A-02-05.
func BinOf(c barcode.Card) stock.Bin {
	zone := c.Number[:2]
	if n, err := strconv.Atoi(zone); err == nil && n >= 1 && n <= 26 {
		zone = string(rune('A' + n - 1))
	}
	return stock.Bin(zone + "-" + c.Number[2:4] + "-" + c.Number[4:6])
}

// BinCard gives the card of a bin, to print it. Error: the bin's name has not
// the form of BinOf.
func BinCard(b stock.Bin) (barcode.Card, error) {
	var zone string
	var aisle, place int
	if _, err := fmt.Sscanf(string(b), "%1s-%2d-%2d", &zone, &aisle, &place); err != nil || zone[0] < 'A' || zone[0] > 'Z' {
		if _, err := fmt.Sscanf(string(b), "%2s-%2d-%2d", &zone, &aisle, &place); err != nil {
			return barcode.Card{}, fmt.Errorf("bin %q has no card: want a name such as A-02-05", b)
		}
	} else {
		zone = fmt.Sprintf("%02d", zone[0]-'A'+1)
	}
	c, err := barcode.NewCard(barcode.BinCard, fmt.Sprintf("%s%02d%02d", zone, aisle, place))
	if err != nil || BinOf(c) != b {
		return barcode.Card{}, fmt.Errorf("bin %q has no card: want a name such as A-02-05", b)
	}
	return c, nil
}

// mostTare is the heaviest crate that has a card, in grams.
const mostTare = 9999

// CrateCard gives the card of a kind of crate, 0 to 99, whose tare in grams, 1
// to 9,999, stands in the card itself, so that no station has to look it up.
func CrateCard(kind int, tare int64) (barcode.Card, error) {
	if kind < 0 || kind > 99 || tare < 1 || tare > mostTare {
		return barcode.Card{}, fmt.Errorf("crate of kind %d with %d g: kinds are 0 to 99, crates weigh 1 to %d g", kind, tare, mostTare)
	}
	return barcode.NewCard(barcode.CrateCard, fmt.Sprintf("%02d%04d", kind, tare))
}

// TareOf gives the tare in grams that the card of a crate says; 0 for another card.
func TareOf(c barcode.Card) int64 {
	if c.Type != barcode.CrateCard || len(c.Number) != 6 {
		return 0
	}
	grams, err := strconv.ParseInt(c.Number[2:], 10, 64)
	if err != nil {
		return 0 // a card holds digits only
	}
	return grams
}
