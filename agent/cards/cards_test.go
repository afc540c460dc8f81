package cards

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"golang.org/x/image/font/sfnt"

	codes "github.com/forestock/forestock/firmware-bridge/barcode"
)

var pictures = flag.String("pictures", "", "folder that TestPictures writes sheets and labels to")

func sampleCards(tb testing.TB) []Card {
	tb.Helper()
	make := func(t codes.CardType, number string) codes.Card {
		c, err := codes.NewCard(t, number)
		if err != nil {
			tb.Fatal(err)
		}
		return c
	}
	var out []Card
	for i, t := range []Text{{"确认", "OK"}, {"取消", "Cancel"}, {"撤销", "Undo"}, {"查询", "Look up"}, {"拿不到先到期的", "earlier lot out of reach"}, {"×12", "×12"}} {
		out = append(out, Card{make(codes.CommandCard, strconv.Itoa(i+1)), Text{"指令", "Command"}, t, Text{}, Blue, Small})
	}
	out = append(out,
		Card{make(codes.CrateCard, "010350"), Text{"周转箱", "Crate"}, Text{"1 号箱 350 克", "Crate 1, 350 g"}, Text{}, Slate, Small},
		Card{make(codes.BadgeCard, "17"), Text{"工牌", "Badge"}, Text{"欧阳小凤", "欧阳小凤"}, Text{"000017", ""}, Violet, Badge})
	for i, z := range []Text{{"常温", "ambient"}, {"冷藏", "chilled"}, {"冷冻", "frozen"}} {
		name := fmt.Sprintf("%c-02-0%d", 'A'+i, i+1)
		out = append(out, Card{make(codes.BinCard, fmt.Sprintf("0%d020%d", i+1, i+1)), Text{"货位", "Bin"}, Text{name, name}, z, Orange, Sign})
	}
	return out
}

func sampleLabels() map[string]Label {
	milk := Text{"鲜牛奶 950 毫升 全脂巴氏杀菌", "Fresh milk 950 ml, whole"}
	return map[string]Label{
		"lot":     {Kind: "lot", Name: milk, Code: "010690123000066917261231" + "10P20261122", Produced: "2026-11-22"},
		"weighed": {Kind: "lot", Name: Text{"云南冰糖心苹果", "Apples"}, Code: "019690123000066231030" + "0123417261231" + "10A7"},
		"sku":     {Kind: "lot", Name: Text{"手工豆腐", "Tofu"}, Code: "C1065", Lot: "P20261122", Expiry: "2026-11-25"},
		"shop":    {Kind: "lot", Name: Text{"五花肉  0.532 公斤", "Pork belly  0.532 kg"}, Code: "2000017005324", Lot: "P20261122", Expiry: "2026-11-25"},
		"manifest": {
			Kind: KindManifest, Title: Text{"调拨单 dark-01 → dark-02", "Manifest dark-01 → dark-02"}, Code: "FSM1" + strings.Repeat("ABCDEFGHIJKLMNOP234567", 16),
			Lines: []Line{{milk, "P20261122", Text{"12 件", "12 pc"}}, {Text{"云南冰糖心苹果", "Apples"}, "A7", Text{"3.5 公斤", "3.5 kg"}}},
		},
	}
}

// TestPictures writes what people look at.
func TestPictures(t *testing.T) {
	if *pictures == "" {
		t.Skip("no -pictures folder")
	}
	if err := os.MkdirAll(*pictures, 0o755); err != nil {
		t.Fatal(err)
	}
	p := press(t)
	sheets, err := p.Sheets(sampleCards(t))
	if err != nil {
		t.Fatal(err)
	}
	var pdf bytes.Buffer
	if err := WritePDF(&pdf, "卡片 cards", sheets); err != nil {
		t.Fatal(err)
	}
	save := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(*pictures, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	save("sheets.pdf", pdf.Bytes())
	save("sheet.svg", sheets[0].SVG())
	for name, l := range sampleLabels() {
		for _, m := range []Media{{60, 40, 203}, {100, 60, 203}, {60, 40, 300}, l.Screen()} {
			page, err := p.Label(&l, m)
			if err != nil {
				t.Errorf("%s on %v: %v", name, m, err)
				continue
			}
			var b bytes.Buffer
			if err := png.Encode(&b, page.Dots(m.DPI)); err != nil {
				t.Fatal(err)
			}
			save(fmt.Sprintf("%s-%vx%v-%d.png", name, m.Width, m.Height, m.DPI), b.Bytes())
			save(fmt.Sprintf("%s-%vx%v-%d.svg", name, m.Width, m.Height, m.DPI), page.SVG())
		}
	}
}

// TestSheets_CanBeScanned reads every card of the sheets with an independent
// reader, and what it read with the parser of the stations.
func TestSheets_CanBeScanned(t *testing.T) {
	all := sampleCards(t)
	for _, m := range []Media{{60, 40, 203}, {100, 60, 300}, {50, 30, 600}} {
		pages, err := press(t).Roll(all, m)
		if err != nil {
			t.Fatal(err)
		}
		for i, page := range pages {
			got := linear(page.Dots(m.DPI))
			if len(got) != 1 {
				t.Fatalf("%s on %v: read %q", all[i].Code.Label(), m, got)
			}
			if c := meaning(t, got[0]); c.Kind != codes.CardCode || c.Card != all[i].Code {
				t.Errorf("%s on %v reads as %q: %+v", all[i].Code.Label(), m, got[0], c.Card)
			}
		}
	}
}

// TestSheets_OnPaper reads the cards of a whole sheet of A4.
func TestSheets_OnPaper(t *testing.T) {
	pages, err := press(t).Sheets(sampleCards(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) != 3 {
		t.Fatalf("%d sheets, want 3: small cards, badges, signs", len(pages))
	}
	for i, form := range []Form{Small, Badge, Sign} {
		wantCards(t, pages[i].Dots(officeDPI), form, ofForm(t, form))
	}
}

// TestCard_ThatDoesNotFitIsRefused: a smaller symbol would not be read.
func TestCard_ThatDoesNotFitIsRefused(t *testing.T) {
	if _, err := press(t).Roll(sampleCards(t), Media{40, 30, 203}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

// TestReader_SeesAWrongBar is the negative control of the tests that read: some
// bars are painted over.
func TestReader_SeesAWrongBar(t *testing.T) {
	m := Media{60, 40, 203}
	pages, err := press(t).Roll(sampleCards(t)[:1], m)
	if err != nil {
		t.Fatal(err)
	}
	picture := pages[0].Dots(m.DPI)
	right := linear(picture)
	if len(right) != 1 {
		t.Fatalf("read %q", right)
	}
	draw.Draw(picture, image.Rect(220, 0, 240, picture.Rect.Dy()), image.White, image.Point{}, draw.Src)
	if got := linear(picture); len(got) > 0 && slices.Equal(got, right) {
		t.Errorf("read %q although bars are painted over", got)
	}
}

// TestLabel_CanBeScanned reads every symbol of the labels.
func TestLabel_CanBeScanned(t *testing.T) {
	for name, l := range sampleLabels() {
		for _, m := range []Media{{60, 40, 203}, {60, 40, 300}, l.Screen()} {
			t.Run(fmt.Sprintf("%s on %vx%v at %d", name, m.Width, m.Height, m.DPI), func(t *testing.T) {
				page, err := press(t).Label(&l, m)
				if err != nil {
					t.Fatal(err)
				}
				picture := page.Dots(m.DPI)
				if l.Kind == KindManifest {
					got, err := square(qrReader(), picture)
					if err != nil || got.Data != l.Code {
						t.Fatalf("read %q (%v)", got.Data, err)
					}
					return
				}
				readLot(t, &l, picture, m.Width >= 100)
			})
		}
	}
}

func readLot(t *testing.T, l *Label, picture *image.Paletted, wide bool) {
	t.Helper()
	got, err := square(matrixReader(), picture)
	if err != nil {
		t.Fatal(err)
	}
	elements := l.Code[0] == '0'
	if got.Data != l.Code || (got.AIM == "]d2") != elements {
		t.Errorf("DataMatrix reads %q, want %q", got, l.Code)
	}
	var readers []gozxing.Reader
	if !elements {
		readers = append(readers, oned.NewEAN13Reader())
	}
	rows := linear(picture, readers...)
	if !wide && elements {
		return // bars do not fit
	}
	var together []codes.Element
	for _, r := range rows {
		if !elements {
			if want := map[bool]string{true: "]E0", false: "]C0"}[isArticle(l.Code)]; r.AIM != want || r.Data != l.Code {
				t.Errorf("bars read %q, want %q", r, l.Code)
			}
			continue
		}
		if r.AIM != "]C1" {
			t.Errorf("%q is no GS1-128", r)
		}
		together = append(together, meaning(t, r).Elements...)
	}
	if elements {
		want := meaning(t, got).Elements
		if !slices.Equal(together, want) {
			t.Errorf("bars read %v, want %v", together, want)
		}
	} else if len(rows) != 1 {
		t.Errorf("read %d rows of bars, want 1", len(rows))
	}
}

// TestLabel_SaysWhatPeopleRead has every fact that staff and inspectors look for.
func TestLabel_SaysWhatPeopleRead(t *testing.T) {
	l := sampleLabels()["weighed"]
	l.Produced = "2026-11-20"
	var got []string
	c := press(t).read(l.Code)
	for _, f := range l.facts(&c) {
		got = append(got, f.text)
	}
	want := []string{"批号 Lot  A7", "生产 Made  2026-11-20", "保质期 Life  41 天 days", "到期 Expiry  2026-12-31", "净重 Net  1.234 kg"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// TestLabel_AManifestThatIsTooLargeIsRefused, and the screen takes the largest there is.
func TestLabel_AManifestThatIsTooLargeIsRefused(t *testing.T) {
	l := Label{Kind: KindManifest, Code: "FSM1" + strings.Repeat("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 62)}
	if _, err := press(t).Label(&l, Media{50, 30, 203}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	m := l.Screen()
	page, err := press(t).Label(&l, m)
	if err != nil {
		t.Fatal(err)
	}
	picture := page.Dots(m.DPI)
	if got, err := scanned(qrReader(), picture, picture.Rect, true); err != nil || got.Data != l.Code {
		t.Errorf("read %d characters of %d: %v", len(got.Data), len(l.Code), err)
	}
}

// TestPage_IsTheSameEveryTime, in each of its forms.
func TestPage_IsTheSameEveryTime(t *testing.T) {
	make := func() (svg, pdf []byte) {
		pages, err := press(t).Sheets(sampleCards(t))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := WritePDF(&b, "x", pages); err != nil {
			t.Fatal(err)
		}
		return pages[0].SVG(), b.Bytes()
	}
	svg, pdf := make()
	again, pdfAgain := make()
	if !bytes.Equal(svg, again) || !bytes.Equal(pdf, pdfAgain) {
		t.Error("the same cards gave other bytes")
	}
	if bytes.Contains(svg, []byte("<text")) || bytes.Contains(pdf, []byte("/Font <<\n/F")) {
		t.Error("text is not drawn as outlines")
	}
}

// TestFonts_DrawWhatNobodyHas as a box, and rare characters as themselves.
func TestFonts_DrawWhatNobodyHas(t *testing.T) {
	f, err := NewFonts("")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range "鲜牛奶A1，。（）×·→犇㎏蒟蒻饸饹" {
		face, _, err := f.find(new(sfnt.Buffer), r)
		if err != nil || face == nil {
			t.Errorf("%c: no font has it (%v)", r, err)
		}
	}
	box, err := f.outline("\U0001F600")
	if err != nil || box.width == 0 || len(box.shape) == 0 {
		t.Errorf("a face that no font has: %v, %v", box, err)
	}
	if _, err := NewFonts("cards_test.go"); err == nil {
		t.Error("a text file was taken as a font")
	}
}

// BenchmarkLabel draws a label for a printer: what its goroutine does for each.
func BenchmarkLabel(b *testing.B) {
	p, l := press(b), sampleLabels()["lot"]
	b.ReportAllocs()
	for b.Loop() {
		page, err := p.Label(&l, Media{60, 40, LabelDPI})
		if err != nil {
			b.Fatal(err)
		}
		if page.Dots(LabelDPI).Rect.Empty() {
			b.Fatal("an empty picture")
		}
	}
}
