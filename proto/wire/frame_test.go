package wire_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

func codec(tb testing.TB) *wire.Codec {
	tb.Helper()
	c, err := wire.NewCodec()
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// frames gives one frame of every kind, by the way that it travels.
func frames() (up, down []wire.Frame) {
	digest := uint64(1 << 63)
	at := time.UnixMilli(1_790_000_000_123)
	f := func(b wire.Body) wire.Frame {
		return wire.Frame{Epoch: stock.Epoch{1, 2}, Boot: wire.Boot{3, 4}, Session: 7, Body: b}
	}
	item := &stock.Item{SKU: "milk-1l", Name: "鲜牛奶", NameEn: "Fresh milk", Unit: stock.Piece, GTINs: []stock.GTIN{"06901234567892"}, Pack: 12, Bin: "A-01", Zone: stock.Chilled, ShelfLife: 7, Price: 1290}
	order := &stock.Order{ID: "o-1", Ref: "饿了么 0042", Channel: "app", State: stock.OrderOpen, Confirmed: at, Due: at, Before: 2, Lines: []stock.OrderLine{
		{Number: 1, SKU: "milk-1l", Quantity: 2, MinExpiry: 20261231, Lots: []stock.LotShare{{Lot: "批次一", Quantity: 2}}, Substitutes: []stock.SKU{"milk-2l"}},
		{Number: 2, SKU: "pork", Quantity: 500, Tolerance: 50, Picked: 130, Short: true},
	}}
	statement := f(&wire.Statement{Of: wire.StatementBase, Seq: 9, Head: stock.Hash{4}, Part: 1, Parts: 2, Digest: 1 << 63, Levels: []stock.StatedLevel{
		{Level: stock.Level{Cell: stock.Cell{SKU: "a", Lot: "批次一", Bin: "B"}, OnHand: -4, Expiry: 20261231}, Produced: 20261201},
	}, Booked: []stock.Booked{{Command: stock.CommandSum{7, 8}, Part: 3}}})
	up = []wire.Frame{
		f(&wire.Hello{First: 1, Last: 9, Head: stock.Hash{5}, Down: stock.DownPosition{Epoch: stock.Epoch{6}, Applied: 3}, Nonce: 11, VersionMin: 1, VersionMax: 2, Software: "v1.2.3 测试", Time: at}),
		f(&wire.Hello{First: 1, Last: 9, TookOver: stock.Takeover{Epoch: stock.Epoch{7}, Seq: 12, Last: 8}}),
		f(&wire.Batch{Batch: stock.Batch{From: 4, Prev: stock.Hash{8}, Entries: [][]byte{[]byte("one"), []byte("two")}}, Digest: &digest, Last: 12}),
		f(&wire.Batch{Batch: stock.Batch{From: 1, Entries: [][]byte{bytes.Repeat([]byte("pack me "), 500)}}, Last: 1}),
		f(&wire.Ack{Upto: 5}), f(&wire.Gap{Want: 6}), f(&wire.Busy{After: 250 * time.Millisecond}),
		f(&wire.Ping{Nonce: 1 << 60, Last: 44, Time: at}),
		f(&wire.Cells{Seq: 9, Buckets: []int{0, 255}, Cells: []stock.Level{{Cell: stock.Cell{SKU: "a", Lot: "批次一", Bin: "B"}, OnHand: -4, Expiry: 20261231}}, Truncated: true}),
		f(&wire.StatementWanted{Of: wire.StatementStored, Seq: 4, Part: 2}), statement,
		f(&wire.Trace{Points: []wire.TracePoint{{Seq: 1, Sum: 1 << 63}, {Seq: 9, Sum: 2}}}),
		f(&wire.Orders{Part: 3, Orders: []stock.Order{*order, {ID: "o-2", State: stock.OrderCancelled}}}),
	}
	down = []wire.Frame{
		f(&wire.Welcome{Session: 8, Applied: 2, Head: stock.Hash{1}, DownEpoch: stock.Epoch{9}, DownLast: 5, MaxEntries: 512, MaxBytes: 1 << 16, Version: 1, Time: at, Boot: wire.Boot{3, 4}, Nonce: 11}),
		f(&wire.Ack{Upto: 5, Last: 12}), f(&wire.Gap{Want: 6}), f(&wire.Busy{After: time.Minute}),
		f(&wire.Pong{Nonce: 2, Applied: 44, DownLast: 3, Time: at}),
		f(&wire.Fenced{Reason: wire.FenceClone, Message: "two boxes run with one disk", Nonce: 12}),
		f(&wire.CellsWanted{Seq: 9, Digest: stock.Digest{0: 1, 255: 2}}),
		f(&wire.Fenced{Reason: wire.FenceFork, Rebirth: true}),
		f(&wire.Welcome{Session: 8, MaxEntries: 1, MaxBytes: 1, TakeOver: stock.Takeover{Epoch: stock.Epoch{7}, Seq: 12}, BaseWanted: true, TellOrders: true}),
		f(&wire.OrdersTaken{Part: 3}),
		f(&wire.StatementWanted{Of: wire.StatementNewest}), statement, f(&wire.Traced{Same: 4, First: 1}),
		f(&wire.DownBatch{From: 2, Entries: []stock.Down{{Item: item}, {Order: order}, {Item: item}}}),
	}
	return up, down
}

func TestFrame_ComesBackAsItWasSent(t *testing.T) {
	c := codec(t)
	up, down := frames()
	check := func(f wire.Frame, decode, wrong func([]byte) (wire.Frame, error)) {
		t.Run(fmt.Sprintf("%s of %T", f.Kind(), f.Body), func(t *testing.T) {
			b, err := c.Encode(&f)
			if err != nil {
				t.Fatal(err)
			}
			got, err := decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(f, got); diff != "" {
				t.Errorf("decode(encode(f)) (-want +got):\n%s", diff)
			}
			if _, err := wrong(b); f.Kind() != wire.KindAck && f.Kind() != wire.KindGap && f.Kind() != wire.KindBusy && f.Kind() != wire.KindStatement && f.Kind() != wire.KindStatementWanted && wire.ReasonOf(err) != wire.BadKind {
				t.Errorf("decoded the other way: %v, want reason %s", err, wire.BadKind)
			}
		})
	}
	for _, f := range up {
		check(f, c.DecodeUp, c.DecodeDown)
	}
	for _, f := range down {
		check(f, c.DecodeDown, c.DecodeUp)
	}
}

func TestEncode_PacksWhatPays(t *testing.T) {
	c := codec(t)
	plain := &wire.Frame{Body: &wire.Batch{Batch: stock.Batch{From: 1, Entries: [][]byte{bytes.Repeat([]byte("milk "), 10_000)}}, Last: 1}}
	b, err := c.Encode(plain)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 1000 {
		t.Errorf("50,000 bytes of one word travel as %d", len(b))
	}
	noise := mix(50_000)
	b, err = c.Encode(&wire.Frame{Body: &wire.Batch{Batch: stock.Batch{From: 1, Entries: [][]byte{noise}}, Last: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, noise) {
		t.Error("noise was packed, though that saves nothing")
	}
}

func TestEncode_RefusesWhatTheOtherSideWould(t *testing.T) {
	c := codec(t)
	tests := []struct {
		name string
		body wire.Body
		want wire.Reason
	}{
		{"no body", nil, wire.BadKind},
		{"a batch without entries", &wire.Batch{Batch: stock.Batch{From: 1}}, wire.TooLong},
		{"a batch of too many entries", &wire.Batch{Batch: stock.Batch{From: 1, Entries: make([][]byte, wire.MaxBatch+1)}, Last: 1 << 20}, wire.TooLong},
		{"a batch from entry 0", &wire.Batch{Batch: stock.Batch{Entries: [][]byte{{1}}}, Last: 9}, wire.Invalid},
		{"a batch past the newest entry", &wire.Batch{Batch: stock.Batch{From: 9, Entries: [][]byte{{1}, {2}}}, Last: 9}, wire.Invalid},
		{"an empty entry", &wire.Batch{Batch: stock.Batch{From: 1, Entries: [][]byte{{}}}, Last: 9}, wire.Invalid},
		{"a body over MaxBody", &wire.Batch{Batch: stock.Batch{From: 1, Entries: [][]byte{make([]byte, wire.MaxBody)}}, Last: 9}, wire.TooLong},
		{"a frame over MaxFrame", &wire.Batch{Batch: stock.Batch{From: 1, Entries: [][]byte{mix(wire.MaxFrame)}}, Last: 9}, wire.TooLong},
		{"too many cells", &wire.Cells{Cells: make([]stock.Level, wire.MaxCells+1)}, wire.TooLong},
		{"an empty down batch", &wire.DownBatch{From: 1}, wire.TooLong},
		{"a down batch from entry 0", &wire.DownBatch{Entries: make([]stock.Down, 1)}, wire.Invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := c.Encode(&wire.Frame{Body: tt.body}); wire.ReasonOf(err) != tt.want {
				t.Errorf("Encode: %v, want reason %s", err, tt.want)
			}
		})
	}
}

// mix gives n bytes that do not pack.
func mix(n int) []byte {
	b := make([]byte, n)
	state := uint64(88172645463325252)
	for i := range b {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		b[i] = byte(state)
	}
	return b
}

func TestPresence_ComesBackAsItWasSent(t *testing.T) {
	for _, want := range []wire.Presence{{}, {Boot: wire.Boot{1, 255}, On: true}} {
		got, err := wire.DecodePresence(want.Encode())
		if err != nil || got != want {
			t.Errorf("DecodePresence(%s) = %v, %v", want.Encode(), got, err)
		}
	}
	for _, bad := range []string{"", "{}", `{"boot":"00"}`, `{"boot":"` + wire.Boot{}.String() + `00","on":true}`, `{"boot":"zz000000000000000000000000000000"}`, string(make([]byte, 200))} {
		if _, err := wire.DecodePresence([]byte(bad)); err == nil {
			t.Errorf("DecodePresence(%q) accepted it", bad)
		}
	}
}
