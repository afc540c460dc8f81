package wire_test

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// noise gives text that does not pack.
func noise(n int) string {
	b := make([]byte, n/2)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

func TestParts_TravelAndAddUp(t *testing.T) {
	c := codec(t)
	for _, cells := range []int{0, 1, 500, 9_000} {
		t.Run(fmt.Sprint(cells, " cells"), func(t *testing.T) {
			var sheet stock.Sheet
			for i := range cells {
				sheet.Apply(&stock.Movement{
					Kind: stock.Receive, SKU: stock.SKU(fmt.Sprintf("sku-%d", i/2)), Lot: stock.Lot(noise(40)), Bin: stock.Bin(noise(60)),
					Delta: int64(i + 1), Expiry: 20270101, Produced: 20260101,
				})
			}
			want := stock.Statement{Seq: 77, Head: stock.Hash{3}}
			want.Levels, want.Digest = sheet.State()
			for i := range cells / 4 {
				want.Booked = append(want.Booked, stock.Booked{Command: stock.SumOfCommand(strconv.Itoa(i)), Part: i % 3})
			}
			got := stock.Statement{Seq: 77, Head: stock.Hash{3}}
			parts := wire.Parts(wire.StatementNewest, &want)
			for i, p := range parts {
				raw, err := c.Encode(&wire.Frame{Session: 1, Body: p})
				if err != nil {
					t.Fatalf("part %d of %d: %v", i, len(parts), err)
				}
				f, err := c.DecodeUp(raw)
				if err != nil {
					t.Fatalf("part %d of %d: %v", i, len(parts), err)
				}
				b := f.Body.(*wire.Statement)
				if b.Part != i || b.Parts != len(parts) || b.Seq != 77 {
					t.Errorf("part %d says part %d of %d as of %d", i, b.Part, b.Parts, b.Seq)
				}
				got.Levels, got.Digest = append(got.Levels, b.Levels...), b.Digest
				got.Booked = append(got.Booked, b.Booked...)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("statement after its way (-want +got):\n%s", diff)
			}
			back, err := got.Sheet()
			if err != nil || back.Cells() != cells {
				t.Errorf("%d cells, %v; want %d", back.Cells(), err, cells)
			}
			if cells > 0 {
				got.Levels[cells/2].OnHand++
				if _, err := got.Sheet(); err == nil {
					t.Error("a statement with a changed level adds up")
				}
			}
		})
	}
}
