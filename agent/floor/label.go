package floor

import (
	"errors"
	"strings"

	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

// label is what a code says, in the words of the floor.
type label struct {
	kind   codeKind
	text   string // for people
	what   Text   // what it was understood as
	raw    []byte
	device string

	manifest string // the text of one
	button   Button
	bin      stock.Bin

	gtin     stock.GTIN
	plu      string
	sku      stock.SKU // of a text that is nothing else
	inStore  bool      // the label was weighed or priced in a shop
	grams    int64
	fen      int64
	count    int64 // trade items; 0 where the code says none
	lot      stock.Lot
	expiry   stock.Date
	produced stock.Date

	reason  Reason
	message Text
	hint    Text
}

// codeKind is what a code is routed by.
type codeKind uint8

const (
	codeBad   codeKind = iota // cannot be read
	codeGoods                 // names an item
	codePart                  // a lot or a date without an item
	codeBin
	codeBadge
	codeCard     // a button
	codeDocument // an inbound document
	codeCrate    // a crate that says its tare
	codeTote
	codeOrder // an order's ticket
	codeManifest
	codeOther // understood, but not used at this station
)

// read puts a parsed code into the words of the floor.
func read(in Scan) label {
	l := label{text: readable(in), raw: in.Raw, device: in.Device}
	if in.Err != nil {
		return l.unreadable(in.Err)
	}
	c := in.Code
	switch c.Kind {
	case barcode.CardCode:
		return l.card(c.Card)
	case barcode.Item, barcode.Measured:
		return l.article(c)
	case barcode.Elements:
		return l.elements(c)
	case barcode.Text:
		return l.plain(c)
	case barcode.Logistic:
		l.what = Text{"物流码", "logistic unit"}
	}
	l.kind = codeOther
	return l
}

func (l label) card(c barcode.Card) label {
	switch c.Type {
	case barcode.BinCard:
		l.kind, l.bin = codeBin, BinOf(c)
		l.what = placeName(l.bin)
	case barcode.BadgeCard:
		l.kind, l.text = codeBadge, c.Number
		l.what = say(saidSignedIn, c.Number)
	case barcode.CommandCard:
		b, ok := buttonOf(c)
		l.kind, l.button, l.what = codeCard, b, buttonName(b)
		if !ok {
			l.kind = codeOther
		}
	case barcode.InboundCard:
		l.kind, l.text, l.what = codeDocument, c.Number, say(saidDocument, c.Number)
	case barcode.CrateCard:
		l.kind, l.grams = codeCrate, TareOf(c)
		l.what = say(saidCrate, grams(l.grams))
	case barcode.ToteCard:
		l.kind, l.text, l.what = codeTote, c.Number, say(saidTote, c.Number)
	case barcode.OrderCard:
		l.kind, l.text, l.what = codeOrder, c.Number, say(saidOrder, c.Number)
	}
	return l
}

func (l label) article(c barcode.Code) label {
	l.kind, l.gtin, l.plu = codeGoods, stock.GTIN(c.GTIN), c.ItemNumber
	l.inStore = c.Kind == barcode.Measured
	if g, ok := c.Grams(); ok {
		l.grams = g
	}
	if c.HasAmount && c.Places == 2 && !c.HasWeight {
		l.fen = c.Amount
	}
	if c.HasCount {
		l.count = c.Count
	}
	if l.inStore && l.grams == 0 && l.fen == 0 && l.count == 0 || c.HasCount && c.Count < 1 {
		return l.wrong(BadQuantity, say(badQuantity, l.text), hintQuantity)
	}
	l.dates(c)
	return l
}

func (l label) elements(c barcode.Code) label {
	l.dates(c)
	l.kind = codePart
	if l.lot == "" && l.expiry == 0 && l.produced == 0 {
		l.kind = codeOther
	}
	l.what = lotName(l.lot, l.expiry)
	return l
}

func (l *label) dates(c barcode.Code) {
	l.lot = stock.Lot(c.Lot)
	if d, ok := c.UseBy(); ok {
		l.expiry = dateOf(d)
	}
	l.produced = dateOf(c.Produced)
}

func dateOf(d barcode.Date) stock.Date {
	return stock.Date(d.Year*10000 + int(d.Month)*100 + d.Day)
}

// plain takes a text that is no code by itself: the SKU of goods without one.
func (l label) plain(c barcode.Code) label {
	if isManifest(c.Text) {
		l.kind, l.manifest, l.what = codeManifest, c.Text, Text{"调拨单", "manifest"}
		l.text = l.text[:len(manifestMark)+8] + "…"
		return l
	}
	sku, err := stock.ParseSKU(strings.TrimSpace(c.Text))
	if err != nil {
		return l.wrong(UnknownCode, say(badUnknown, l.text), hintUnknown)
	}
	l.kind, l.sku = codeGoods, sku
	return l
}

func (l label) unreadable(err error) label {
	why := same(err.Error())
	if bad, ok := errors.AsType[*barcode.Error](err); ok {
		switch bad.Reason { //nolint:exhaustive // the others are told by their name
		case barcode.BadCheckDigit, barcode.BadVerifier:
			return l.wrong(CheckDigit, say(badCheckDigit, l.text), hintCheckDigit)
		case barcode.BadMonth, barcode.BadDay:
			return l.wrong(BadDate, say(badDate, l.text), hintCode)
		}
		why = same(string(bad.Reason) + " " + bad.Part)
	}
	return l.wrong(BadCode, say(badCode, why), hintCode)
}

func (l label) wrong(reason Reason, message, hint Text) label {
	l.kind, l.reason, l.message, l.hint = codeBad, reason, message, hint
	return l
}

// readable writes a code for people: GS1 elements in brackets, no control
// characters, not too long.
func readable(in Scan) string {
	const most = 80 // runes
	text := in.Code.Text
	if in.Err != nil || text == "" {
		text = in.Data
	}
	if len(in.Code.Elements) > 0 && in.Code.Kind != barcode.CardCode {
		var b strings.Builder
		for _, e := range in.Code.Elements {
			b.WriteString("(" + e.AI + ")" + e.Value)
		}
		text = b.String()
	}
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(text, "·"))
	if runes := []rune(clean); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return clean
}
