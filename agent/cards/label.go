package cards

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	codes "github.com/forestock/forestock/firmware-bridge/barcode"
)

// Label is what is stuck on goods. In JSON it is what a station shows.
type Label struct {
	Kind     string `json:"kind"`  // lot, or manifest
	Title    Text   `json:"title"` // shown where there is no name
	Name     Text   `json:"name"`  // of the goods
	Code     string `json:"code"`  // of a lot GS1 elements or a SKU, of a manifest the text of a QR code
	Lot      string `json:"lot"`
	Produced string `json:"produced"` // 2006-01-02
	Expiry   string `json:"expiry"`   // 2006-01-02
	Lines    []Line `json:"lines"`    // what else to write, such as the goods of a manifest
	Copies   int64  `json:"copies"`
}

// Line is one of several things on a label.
type Line struct {
	Name     Text   `json:"name"`
	Lot      string `json:"lot"`
	Quantity Text   `json:"quantity"`
}

// KindManifest is the kind of a label with a QR code; every other has bars.
const KindManifest = "manifest"

// Screen gives the size in which a label is shown where there is no printer.
func (l *Label) Screen() Media {
	if l.Kind == KindManifest {
		return Media{160, 100, LabelDPI}
	}
	return Media{100, 60, LabelDPI}
}

// Label draws a label. ErrTooLarge: the code does not fit.
func (p *Press) Label(l *Label, m Media) (*Page, error) {
	title := l.Title.Line()
	if title == "" {
		title = l.Name.Line()
	}
	pen := p.page(m.Width, m.Height, title)
	in := box{0, 0, m.Width, m.Height}.inset(margin)
	if l.Kind == KindManifest {
		pen.manifest(l, in, m.dot())
	} else {
		pen.lot(l, p.read(l.Code), in, m.dot())
	}
	if pen.err != nil {
		return nil, fmt.Errorf("label %s: %w", title, pen.err)
	}
	return pen.page, nil
}

// Shown draws the label in the JSON of what a station shows, as SVG for its
// screen; nil when there is none.
func (p *Press) Shown(view []byte) ([]byte, error) {
	var v struct {
		Label *Label `json:"label"`
	}
	if err := json.Unmarshal(view, &v); err != nil {
		return nil, fmt.Errorf("read what the station shows: %w", err)
	}
	if v.Label == nil {
		return nil, nil
	}
	page, err := p.Label(v.Label, v.Label.Screen())
	if err != nil {
		return nil, err
	}
	return page.SVG(), nil
}

const margin = 2 // mm that printers do not reach, or labels are off by

// read gives what a code says; a code without elements is a SKU.
func (p *Press) read(code string) codes.Code {
	c, err := p.rules.Parse(codes.Symbol{AIM: "]d2", Data: code})
	if err != nil || (c.GTIN == "" && c.SSCC == "") {
		return codes.Code{}
	}
	return c
}

// ParseCode reads a code as people write it, GS1 elements with brackets, and gives
// it as a label has it.
func ParseCode(text string) (string, error) {
	if !strings.HasPrefix(text, "(") {
		return text, nil
	}
	rules, err := codes.NewRules(codes.Config{})
	if err != nil {
		return "", err
	}
	c, err := rules.Parse(codes.Symbol{Data: text})
	if err != nil {
		return "", err
	}
	return codes.ElementString(c.Elements), nil
}

// facts gives what people read, the more important ones in larger type.
func (l *Label) facts(c *codes.Code) []fact {
	lot, produced, expiry := l.Lot, l.Produced, l.Expiry
	if lot == "" {
		lot = c.Lot
	}
	if produced == "" {
		produced = day(c.Produced)
	}
	if useBy, ok := c.UseBy(); ok && expiry == "" {
		expiry = day(useBy)
	}
	var out []fact
	add := func(zh, en, value string, weight float64) {
		if value != "" {
			out = append(out, fact{zh + " " + en + "  " + value, weight})
		}
	}
	add("批号", "Lot", lot, 1)
	add("生产", "Made", produced, 1)
	add("保质期", "Life", life(produced, expiry), 1)
	add("到期", "Expiry", expiry, 1.4)
	if grams, ok := c.Grams(); ok {
		add("净重", "Net", fmt.Sprintf("%d.%03d kg", grams/1000, grams%1000), 1.4)
	}
	for _, line := range l.Lines {
		out = append(out, fact{strings.Join(strings.Fields(line.Name.first()+" "+line.Lot+" "+line.Quantity.first()), " "), 1})
	}
	return out
}

// fact is a line of text and how high it stands beside others.
type fact struct {
	text   string
	weight float64
}

func day(d codes.Date) string {
	if d.Year == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// life gives how long goods keep, from the two dates that they have.
func life(produced, expiry string) string {
	from, err := time.Parse(time.DateOnly, produced)
	to, bad := time.Parse(time.DateOnly, expiry)
	if err != nil || bad != nil || !to.After(from) {
		return ""
	}
	return fmt.Sprintf("%d 天 days", int(to.Sub(from).Hours()/24))
}
