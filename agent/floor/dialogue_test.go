package floor

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

var update = flag.Bool("update", false, "rewrite the dialogue files")

// TestDialogues plays the files in testdata: what staff do stands at the
// beginning of a line, what the station answers and books stands indented
// below it. Two seconds pass between two inputs unless a line says otherwise.
//
//	scan CODE          a code; $name is a shorthand, see shorthands
//	press BUTTON ...   buttons or their cards
//	weigh GRAMS        a settled weight; weigh! GRAMS an unsettled one
//	fault TEXT         the scale reports a fault
//	unplug             the scale goes away
//	wait DURATION      time passes; a tick follows
//	fast CODE          the same as scan, half a second after the input before
//	repeat, garbled    what a scanner reports when it is no code
//	fail REASON        the ledger does not save the next command
//	badges             from now on nothing is booked without a badge
//	station NAME       go to another station of the same shop
//	show               the goods, lines and look-up on the screen
//	people             the warehouse names its people: 17, 18 (a supervisor with PIN 1234), 19 (a supervisor)
//	rule NAME VALUE    life, sale, waste, again, labels (1: the shop's own) or zone:NAME
//	order ID LINE ...  the hub sends an order; a line is sku:quantity, then
//	                   ~tolerance, =substitute and >first date that will do
//	cancel ID, close ID  the hub cancels an order, or has all of it
//	catalogue SKU EAN  the hub lists an item
//	notice NUMBER LINE ...  a supplier announces a delivery; a line is sku:quantity
//	warehouse NAME     go to another warehouse, as wide away as one likes: the two
//	                   know each other's keys and share nothing else; $manifest
//	                   is the code that was printed last, at either
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			script, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(script))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			compare(t, string(script), got)
		})
	}
}

func compare(t *testing.T, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		var a, b string
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			t.Fatalf("line %d:\n got %s\nwant %s\n(-update rewrites the file)", i+1, b, a)
		}
	}
}

// shorthands of codes.
var shorthands = map[string]string{
	"$milk":    string(gtin("0690123456789"))[1:],
	"$noodles": string(gtin("0692015240001"))[1:],
	"$case":    string(gtin("1692015240001")),
	"$salt":    string(gtin("0690000000001"))[1:],
	"$eggs":    string(gtin("0690000000030"))[1:],
	"$rice":    string(gtin("0690000000005"))[1:],
	"$pork":    string(gtin("9690000000077")),
	"$cola":    string(gtin("0690000000099"))[1:],
	"$unknown": string(gtin("0690099999999"))[1:],
}

// expand replaces shorthands; $01:name is a GS1 element with the item's GTIN,
// $label:PLU:GRAMS a weighed label, $bin:NAME a bin card, $badge:N a badge,
// $crate:GRAMS a crate.
func expand(tb testing.TB, code string) string {
	tb.Helper()
	for name, digits := range shorthands {
		code = strings.ReplaceAll(code, "(01)"+name, "(01)"+strings.Repeat("0", 14-len(digits))+digits)
		code = strings.ReplaceAll(code, "(02)"+name, "(02)"+strings.Repeat("0", 14-len(digits))+digits)
	}
	if digits, ok := shorthands[code]; ok {
		return digits
	}
	kind, rest, _ := strings.Cut(code, ":")
	var card barcode.Card
	var err error
	switch kind {
	case "$label":
		plu, grams, _ := strings.Cut(rest, ":")
		digits := "20" + plu + fmt.Sprintf("%05s", grams)
		return digits + string(barcode.CheckDigit(digits))
	case "$bin":
		card, err = BinCard(stock.Bin(rest))
	case "$badge":
		card, err = barcode.NewCard(barcode.BadgeCard, rest)
	case "$inbound":
		card, err = barcode.NewCard(barcode.InboundCard, rest)
	case "$order":
		card, err = barcode.NewCard(barcode.OrderCard, rest)
	case "$tote":
		card, err = barcode.NewCard(barcode.ToteCard, rest)
	case "$unlisted":
		card, err = BinCard(UnlistedBin)
	case "$crate":
		var grams int64
		if grams, err = strconv.ParseInt(rest, 10, 64); err == nil {
			card, err = CrateCard(1, grams)
		}
	case "$card":
		card, _ = CardOf(Button(rest))
	default:
		return code
	}
	if err != nil {
		tb.Fatal(err)
	}
	return card.Data()
}
