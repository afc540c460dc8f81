package stock_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/forestock/forestock/proto/stock"
)

func entry(change func(*stock.Entry)) stock.Entry {
	e := stock.Entry{Seq: 1, Command: "c", Movement: stock.Movement{Kind: stock.Receive, SKU: "milk", Lot: "L1", Bin: "A", Delta: 5, Expiry: 20270131}}
	change(&e)
	return e
}

func TestEntry_Validate(t *testing.T) {
	long := strings.Repeat("x", 129)
	for _, tc := range []struct {
		name   string
		ok     bool
		change func(*stock.Entry)
	}{
		{"as it is", true, func(*stock.Entry) {}},
		{"no number", false, func(e *stock.Entry) { e.Seq = 0 }},
		{"no command", false, func(e *stock.Entry) { e.Command = "" }},
		{"a command of 64 bytes", true, func(e *stock.Entry) { e.Command = strings.Repeat("x", 64) }},
		{"a command of 65 bytes", false, func(e *stock.Entry) { e.Command = strings.Repeat("x", 65) }},
		{"a line break in the command", false, func(e *stock.Entry) { e.Command = "a\nb" }},
		{"a negative part", false, func(e *stock.Entry) { e.Part = -1 }},
		{"no kind", false, func(e *stock.Entry) { e.Kind = stock.KindUnknown }},
		{"a kind that nobody knows", false, func(e *stock.Entry) { e.Kind = stock.Opening + 1 }},
		{"no SKU", false, func(e *stock.Entry) { e.SKU = "" }},
		{"the largest quantity", true, func(e *stock.Entry) { e.Delta = stock.MaxQty }},
		{"more than that", false, func(e *stock.Entry) { e.Delta = stock.MaxQty + 1 }},
		{"less than minus that", false, func(e *stock.Entry) { e.Delta = -stock.MaxQty - 1 }},
		{"a move", true, func(e *stock.Entry) { e.Kind, e.To, e.Delta = stock.Putaway, "B", -5 }},
		{"a move from the dock", true, func(e *stock.Entry) { e.Kind, e.Bin, e.To, e.Delta = stock.Putaway, "", "B", -5 }},
		{"a move the wrong way round", false, func(e *stock.Entry) { e.Kind, e.To = stock.Putaway, "B" }},
		{"a move that is undone", true, func(e *stock.Entry) { e.Kind, e.To, e.Undoes = stock.Undo, "B", 1 }},
		{"a move to where it was", false, func(e *stock.Entry) { e.Kind, e.To, e.Delta = stock.Putaway, "A", -5 }},
		{"an expiry that does not exist", false, func(e *stock.Entry) { e.Expiry = 20270231 }},
		{"a production day that does not exist", false, func(e *stock.Entry) { e.Produced = -1 }},
		{"4,096 bytes of evidence", true, func(e *stock.Entry) { e.Scan, e.Frame = make([]byte, 4096), make([]byte, 4096) }},
		{"4,097 bytes of scan", false, func(e *stock.Entry) { e.Scan = make([]byte, 4097) }},
		{"4,097 bytes of frame", false, func(e *stock.Entry) { e.Frame = make([]byte, 4097) }},
		{"a long lot", false, func(e *stock.Entry) { e.Lot = stock.Lot(long) }},
		{"a long bin", false, func(e *stock.Entry) { e.Bin = stock.Bin(long) }},
		{"a long place to go", false, func(e *stock.Entry) { e.Kind, e.To, e.Delta = stock.Putaway, stock.Bin(long), -5 }},
		{"a control character in the operator", false, func(e *stock.Entry) { e.Operator = "a\x00" }},
		{"a station that is not UTF-8", false, func(e *stock.Entry) { e.Station = "\xff" }},
		{"a long device", false, func(e *stock.Entry) { e.Device = long }},
		{"a long reason", false, func(e *stock.Entry) { e.Reason = long }},
		{"a long document", false, func(e *stock.Entry) { e.Document = long }},
		{"a long line", false, func(e *stock.Entry) { e.Line = long }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := entry(tc.change)
			if err := e.Validate(); (err == nil) != tc.ok || (err != nil && !errors.Is(err, stock.ErrInvalid)) {
				t.Errorf("Validate = %v, want valid: %v", err, tc.ok)
			}
		})
	}
}

func TestItem_Validate(t *testing.T) {
	for _, tc := range []struct {
		name   string
		ok     bool
		change func(*stock.Item)
	}{
		{"as it is", true, func(*stock.Item) {}},
		{"no SKU", false, func(it *stock.Item) { it.SKU = "" }},
		{"no name", false, func(it *stock.Item) { it.Name = "" }},
		{"no unit", false, func(it *stock.Item) { it.Unit = "" }},
		{"a unit of pounds", false, func(it *stock.Item) { it.Unit = "lb" }},
		{"a zone", true, func(it *stock.Item) { it.Zone = stock.Frozen }},
		{"a zone that nobody knows", false, func(it *stock.Item) { it.Zone = "hot" }},
		{"a GTIN of 13 digits", false, func(it *stock.Item) { it.GTINs = []stock.GTIN{"6901234567892"} }},
		{"a GTIN with a letter", false, func(it *stock.Item) { it.GTINs = []stock.GTIN{"0690123456789X"} }},
		{"a negative pack", false, func(it *stock.Item) { it.Pack = -1 }},
		{"a pack that does not fit the wire", false, func(it *stock.Item) { it.Pack = stock.MaxQty + 1 }},
		{"a price that does not fit the wire", false, func(it *stock.Item) { it.Price = stock.MaxQty + 1 }},
		{"a negative shelf life", false, func(it *stock.Item) { it.ShelfLife = -1 }},
		{"a line break in the name", false, func(it *stock.Item) { it.Name = "a\nb" }},
		{"a long PLU", false, func(it *stock.Item) { it.PLU = strings.Repeat("1", 129) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			it := stock.Item{SKU: "milk", Name: "牛奶", Unit: stock.Piece, GTINs: []stock.GTIN{"06901234567892"}, Pack: 1}
			tc.change(&it)
			if err := it.Validate(); (err == nil) != tc.ok || (err != nil && !errors.Is(err, stock.ErrInvalid)) {
				t.Errorf("Validate = %v, want valid: %v", err, tc.ok)
			}
		})
	}
}
