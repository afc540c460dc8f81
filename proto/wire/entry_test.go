package wire_test

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

func drawText[T ~string](t *rapid.T, label string) T {
	return T(rapid.StringMatching(`[A-Za-z0-9 过期奶=+-]{0,20}`).Draw(t, label))
}

func drawEntry(t *rapid.T) stock.Entry {
	e := stock.Entry{
		Seq: stock.Seq(rapid.Uint64Min(1).Draw(t, "seq")), Part: rapid.IntRange(0, 2000).Draw(t, "part"),
		Command: rapid.StringMatching(`[A-Z0-9]{1,64}`).Draw(t, "command"),
		Movement: stock.Movement{
			Kind: stock.Kind(rapid.IntRange(int(stock.Receive), int(stock.Opening)).Draw(t, "kind")),
			SKU:  stock.SKU(rapid.StringMatching(`[A-Za-z0-9._-]{1,40}`).Draw(t, "sku")),
			Lot:  drawText[stock.Lot](t, "lot"), Bin: drawText[stock.Bin](t, "bin"),
			Delta:    rapid.Int64Range(-stock.MaxQty, stock.MaxQty).Draw(t, "delta"),
			Expiry:   rapid.SampledFrom([]stock.Date{0, 10101, 20270131, 99991231}).Draw(t, "expiry"),
			Produced: rapid.SampledFrom([]stock.Date{0, 20240229}).Draw(t, "produced"),
			Undoes:   stock.Seq(rapid.Uint64().Draw(t, "undoes")),
			Operator: drawText[string](t, "operator"), Station: drawText[string](t, "station"), Device: drawText[string](t, "device"),
			Reason: drawText[string](t, "reason"), Document: drawText[string](t, "document"), Line: drawText[string](t, "line"),
			Scan: drawBytes(t, "scan"), Frame: drawBytes(t, "frame"),
		},
	}
	if rapid.Bool().Draw(t, "move") {
		e.To, e.Delta = e.Bin+"'", -max(e.Delta, -e.Delta)
	}
	if rapid.Bool().Draw(t, "count") {
		e.Count = &stock.CountEvidence{
			Counted: rapid.Int64().Draw(t, "counted"), Seen: rapid.Int64().Draw(t, "seen"), Base: stock.Seq(rapid.Uint64().Draw(t, "base")),
		}
	}
	if ms := rapid.Int64().Draw(t, "time"); ms != 0 {
		e.Time = time.UnixMilli(ms)
	}
	return e
}

func drawBytes(t *rapid.T, label string) []byte {
	return rapid.OneOf(rapid.Just([]byte(nil)), rapid.SliceOfN(rapid.Byte(), 1, 40)).Draw(t, label)
}

func TestEntry_ComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEntry(t)
		b, err := wire.EncodeEntry(&e)
		if err != nil {
			t.Fatalf("EncodeEntry: %v", err)
		}
		got, err := wire.DecodeEntry(b)
		if err != nil || !cmp.Equal(got, e) {
			t.Fatalf("DecodeEntry: %v\n%s", err, cmp.Diff(e, got))
		}
		again, err := wire.EncodeEntry(&got)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("encoded again: %v\n%x\n%x", err, b, again)
		}
	})
}

// The bytes of an entry are hashed and kept for ever: they may not change with
// a version of the program.
func TestEntry_IsWrittenAsAgreed(t *testing.T) {
	e := stock.Entry{Seq: 300, Command: "c-1", Part: 2, Movement: stock.Movement{
		Kind: stock.Count, SKU: "milk", Lot: "L1", Bin: "A", Delta: -3, Expiry: 20270131, Operator: "王",
		Count: &stock.CountEvidence{Counted: 4, Seen: 7, Base: 299}, Time: time.UnixMilli(1), Scan: []byte{0x1d},
	}}
	b, err := wire.EncodeEntry(&e)
	if err != nil {
		t.Fatal(err)
	}
	want := []byte("\x08\xac\x02\x12\x03c-1\x18\x02\x20\x05\x2a\x04milk\x32\x02L1\x3a\x01A\x48\x05\x50\xb3\x98\xd5\x09" +
		"\x62\x07\x08\x08\x10\x0e\x18\xab\x02\x70\x01\x7a\x03王\xaa\x01\x01\x1d")
	if !bytes.Equal(b, want) {
		t.Errorf("entry = %q,\nwant    %q", b, want)
	}
}

func TestEncodeEntry_RefusesWhatIsNotValid(t *testing.T) {
	for name, e := range map[string]stock.Entry{
		"nothing":         {},
		"no number":       {Command: "c", Movement: stock.Movement{Kind: stock.Receive, SKU: "milk"}},
		"a negative part": {Seq: 1, Part: -1, Command: "c", Movement: stock.Movement{Kind: stock.Receive, SKU: "milk"}},
	} {
		if b, err := wire.EncodeEntry(&e); !errors.Is(err, stock.ErrInvalid) {
			t.Errorf("%s: EncodeEntry = %q, %v; want ErrInvalid", name, b, err)
		}
	}
}

func TestDecodeEntry_RefusesWhatIsNotValid(t *testing.T) {
	valid := func() *forestockv1.Entry {
		return &forestockv1.Entry{Seq: 1, Command: "c", Kind: forestockv1.Kind_KIND_RECEIVE, Sku: "milk"}
	}
	for _, tc := range []struct {
		name   string
		change func(*forestockv1.Entry)
	}{
		{"no number", func(m *forestockv1.Entry) { m.Seq = 0 }},
		{"no kind", func(m *forestockv1.Entry) { m.Kind = 0 }},
		{"a kind past the last", func(m *forestockv1.Entry) { m.Kind = 13 }},
		{"a kind whose low byte is a kind", func(m *forestockv1.Entry) { m.Kind = 257 }},
		{"a negative kind", func(m *forestockv1.Entry) { m.Kind = -255 }},
		{"a SKU with a slash", func(m *forestockv1.Entry) { m.Sku = "a/b" }},
		{"too large a quantity", func(m *forestockv1.Entry) { m.Delta = math.MaxInt64 }},
		{"a date that does not exist", func(m *forestockv1.Entry) { m.Expiry = 20270230 }},
		{"a part past all reason", func(m *forestockv1.Entry) { m.Part = math.MaxUint32 }},
	} {
		m := valid()
		tc.change(m)
		b, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if e, err := wire.DecodeEntry(b); !errors.Is(err, stock.ErrInvalid) {
			t.Errorf("%s: DecodeEntry = %+v, %v; want ErrInvalid", tc.name, e, err)
		}
	}
	whole, err := proto.Marshal(valid())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.DecodeEntry(whole); err != nil { // the control
		t.Errorf("the entry that the cases change is not valid itself: %v", err)
	}
	for n := range whole {
		if e, err := wire.DecodeEntry(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were taken for %+v", n, len(whole), e)
		}
	}
}

func TestItem_ComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := stock.Item{
			SKU:  stock.SKU(rapid.StringMatching(`[A-Za-z0-9._-]{1,40}`).Draw(t, "sku")),
			Name: "奶" + drawText[string](t, "name"), NameEn: drawText[string](t, "english"), PLU: drawText[string](t, "plu"), Bin: drawText[stock.Bin](t, "bin"),
			Unit:      rapid.SampledFrom([]stock.Unit{stock.Piece, stock.Gram, stock.Millilitre}).Draw(t, "unit"),
			Zone:      rapid.SampledFrom([]stock.Zone{"", stock.Ambient, stock.Chilled, stock.Frozen}).Draw(t, "zone"),
			Pack:      rapid.Int64Range(0, stock.MaxQty).Draw(t, "pack"),
			Price:     rapid.Int64Range(0, stock.MaxQty).Draw(t, "price"),
			ShelfLife: rapid.IntRange(0, stock.MaxQty).Draw(t, "shelf life"), Removed: rapid.Bool().Draw(t, "removed"),
		}
		for _, g := range rapid.SliceOfN(rapid.StringMatching(`[0-9]{14}`), 0, 3).Draw(t, "gtins") {
			it.GTINs = append(it.GTINs, stock.GTIN(g))
		}
		if got, err := wire.ItemFrom(wire.ItemMessage(&it)); err != nil || !cmp.Equal(got, it) {
			t.Fatalf("ItemFrom: %v\n%s", err, cmp.Diff(it, got))
		}
	})
}

// FuzzDecodeEntry: whatever is decoded is valid, and encodes to bytes that
// decode to the same entry.
func FuzzDecodeEntry(f *testing.F) {
	for _, m := range []stock.Movement{
		{Kind: stock.Receive, SKU: "milk", Lot: "L1", Delta: 10, Expiry: 20270131},
		{Kind: stock.Putaway, SKU: "milk", Lot: "L1", Bin: "A", To: "B", Delta: -2, Reason: "货架"},
		{Kind: stock.Count, SKU: "egg", Delta: -3, Count: &stock.CountEvidence{Counted: 4, Seen: 7, Base: 9}},
		{Kind: stock.Undo, SKU: "egg", Delta: 3, Undoes: 3, Time: time.UnixMilli(1_780_000_000_000), Scan: []byte("]C1\x1d10"), Frame: []byte("ST,GS,+ 1.2kg\r\n")},
	} {
		b, err := wire.EncodeEntry(&stock.Entry{Seq: 1, Command: "c", Movement: m})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := wire.DecodeEntry(b)
		if err != nil {
			if !errors.Is(err, stock.ErrInvalid) {
				t.Errorf("error %v is not ErrInvalid", err)
			}
			return
		}
		if err := e.Validate(); err != nil {
			t.Errorf("decoded and not valid: %v", err)
		}
		encoded, err := wire.EncodeEntry(&e)
		if err != nil {
			t.Fatalf("decoded and not encodable: %v", err)
		}
		again, err := wire.DecodeEntry(encoded)
		if err != nil || !cmp.Equal(e, again) {
			t.Errorf("not the same after a round: %v\n%s", err, cmp.Diff(e, again))
		}
	})
}

func TestEncodeUnnumbered_LacksOnlyTheNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEntry(t)
		want, err := wire.EncodeEntry(&e)
		if err != nil {
			t.Skip("not a valid entry")
		}
		seq := e.Seq
		e.Seq = rapid.SampledFrom([]stock.Seq{0, 7}).Draw(t, "number so far")
		b, err := wire.EncodeUnnumbered(&e)
		if got := wire.AppendNumbered(nil, seq, b); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("numbered later it is %x, %v; want %x", got, err, want)
		}
	})
	bad := stock.Entry{Command: "a", Movement: stock.Movement{Kind: stock.Receive, SKU: "no spaces"}}
	if _, err := wire.EncodeUnnumbered(&bad); !errors.Is(err, stock.ErrInvalid) {
		t.Errorf("an entry that is not valid: %v, want ErrInvalid", err)
	}
}
