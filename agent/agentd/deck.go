package agentd

import (
	"errors"
	"fmt"
	"image/color"
	"strconv"
	"strings"

	"github.com/forestock/forestock/agent/cards"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

// DefaultDeck is what a new warehouse prints first.
var DefaultDeck = []string{"commands", "quantities", "reasons", "badges"}

// mostDeck bounds a deck: what is more was mistyped.
const mostDeck = 2000

// errSet says how sets of cards are written.
var errSet = errors.New("want commands, quantities, reasons, badges, badges=17,18, bins=A-01-01..A-03-12, totes=1..40 or crates=1:350,2:1200 (kind:grams)")

// Deck gives the cards of some sets, such as "commands" or "bins=A-01-01..A-03-12".
func Deck(cfg *Config, sets []string) ([]cards.Card, error) {
	var out []cards.Card
	for _, set := range sets {
		name, which, _ := strings.Cut(set, "=")
		some, err := cfg.cards(name, which)
		if err != nil {
			return nil, fmt.Errorf("cards %q: %w", set, err)
		}
		if out = append(out, some...); len(out) > mostDeck {
			return nil, fmt.Errorf("cards %q: more than %d cards", set, mostDeck)
		}
	}
	return out, nil
}

func (c *Config) cards(name, which string) ([]cards.Card, error) {
	if which == "" {
		switch name {
		case "commands":
			return buttons(name, cards.Text{Zh: "指令", En: "Command"}, cards.Blue), nil
		case "quantities":
			return buttons(name, cards.Text{Zh: "数量", En: "Quantity"}, cards.Green), nil
		case "reasons":
			return buttons(name, cards.Text{Zh: "原因", En: "Reason"}, cards.Red), nil
		case "badges":
			return c.badges()
		}
		return nil, errSet
	}
	var one func(string) (cards.Card, error)
	switch name {
	case "badges":
		one = func(number string) (cards.Card, error) { return badge(number, "") }
	case "totes":
		one = tote
	case "crates":
		one = crate
	case "bins":
		one = c.bin
	default:
		return nil, errSet
	}
	return each(which, one)
}

// each makes the card of each item of a list, whose items may be ranges.
func each(list string, one func(string) (cards.Card, error)) ([]cards.Card, error) {
	var out []cards.Card
	for part := range strings.SplitSeq(list, ",") {
		items, err := writeOut(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			card, err := one(item)
			if err != nil {
				return nil, err
			}
			out = append(out, card)
		}
	}
	return out, nil
}

// writeOut writes a range out: 1..3 is 1, 2, 3, and A-01-11..A-02-12 is every place
// from 11 to 12 in the aisles from 01 to 02.
func writeOut(item string) ([]string, error) {
	from, to, ranged := strings.Cut(item, "..")
	if !ranged {
		return []string{item}, nil
	}
	first, last := strings.Split(from, "-"), strings.Split(to, "-")
	if len(first) != len(last) {
		return nil, fmt.Errorf("range %s: both ends must have the same form", item)
	}
	out := []string{""}
	for i, a := range first {
		b := last[i]
		parts := []string{a}
		if a != b {
			low, bad := strconv.Atoi(a)
			high, worse := strconv.Atoi(b)
			if bad != nil || worse != nil || high < low || high-low >= mostDeck {
				return nil, fmt.Errorf("range %s: from %s to %s cannot be counted", item, a, b)
			}
			parts = nil
			for n := low; n <= high; n++ {
				parts = append(parts, fmt.Sprintf("%0*d", len(a), n))
			}
		}
		out = product(out, parts)
		if len(out) > mostDeck {
			return nil, fmt.Errorf("range %s: more than %d cards", item, mostDeck)
		}
	}
	return out, nil
}

func product(heads, tails []string) []string {
	out := make([]string, 0, len(heads)*len(tails))
	for _, h := range heads {
		for _, t := range tails {
			if h == "" {
				out = append(out, t)
				continue
			}
			out = append(out, h+"-"+t)
		}
	}
	return out
}

// kindOf says in which set a button is.
func kindOf(b floor.Button) string {
	s := string(b)
	if len(s) > 1 && s[1] >= '0' && s[1] <= '9' {
		switch s[0] {
		case 'x':
			return "quantities"
		case 'r':
			return "reasons"
		}
	}
	return "commands"
}

func buttons(set string, group cards.Text, stripe color.RGBA) []cards.Card {
	var out []cards.Card
	for _, c := range floor.Commands() {
		if kindOf(c.Button) == set {
			out = append(out, cards.Card{Code: c.Card, Group: group, Title: cards.Text(c.Name), Stripe: stripe, Form: cards.Small})
		}
	}
	return out
}

func (c *Config) badges() ([]cards.Card, error) {
	var out []cards.Card
	for _, p := range c.Work.People {
		card, err := badge(p.Badge, p.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, card)
	}
	return out, nil
}

func badge(number, name string) (cards.Card, error) {
	code, err := barcode.NewCard(barcode.BadgeCard, number)
	card := cards.Card{Code: code, Group: cards.Text{Zh: "工牌", En: "Badge"}, Title: cards.Text{Zh: code.Number}, Stripe: cards.Violet, Form: cards.Badge}
	if name != "" {
		card.Title, card.Note = cards.Text{Zh: name}, cards.Text{Zh: code.Number}
	}
	return card, err
}

func tote(number string) (cards.Card, error) {
	code, err := barcode.NewCard(barcode.ToteCard, number)
	return cards.Card{
		Code: code, Group: cards.Text{Zh: "拣货箱", En: "Tote"}, Title: cards.Text{Zh: strings.TrimLeft(code.Number, "0")},
		Stripe: cards.Slate, Form: cards.Small,
	}, err
}

// crate reads kind:grams.
func crate(text string) (cards.Card, error) {
	var kind int
	var tare int64
	if n, err := fmt.Sscanf(text, "%d:%d", &kind, &tare); err != nil || n != 2 {
		return cards.Card{}, fmt.Errorf("crate %q: want its kind and its weight in grams, such as 1:350", text)
	}
	code, err := floor.CrateCard(kind, tare)
	return cards.Card{
		Code: code, Group: cards.Text{Zh: "周转箱（已知皮重）", En: "Crate of known weight"},
		Title:  cards.Text{Zh: fmt.Sprintf("%d 号箱 %d 克", kind, tare), En: fmt.Sprintf("Crate %d, %d g", kind, tare)},
		Stripe: cards.Slate, Form: cards.Small,
	}, err
}

// zoneColours are the stripes of bins; the zone's name stands beside them.
var zoneColours = map[stock.Zone]color.RGBA{stock.Ambient: cards.Orange, stock.Chilled: cards.Blue, stock.Frozen: cards.Violet}

func (c *Config) bin(name string) (cards.Card, error) {
	code, err := floor.BinCard(stock.Bin(name))
	first, _, _ := strings.Cut(name, "-")
	zone := stock.Zone(c.Work.Zones[first])
	stripe, known := zoneColours[zone]
	if !known {
		stripe = cards.Slate
	}
	return cards.Card{
		Code: code, Group: cards.Text{Zh: "货位", En: "Bin"}, Title: cards.Text{Zh: name},
		Note: cards.Text(floor.ZoneName(zone)), Stripe: stripe, Form: cards.Sign,
	}, err
}
