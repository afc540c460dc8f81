package wire

import (
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

func cellsMessage(b *Cells) (*forestockv1.Cells, error) {
	if len(b.Cells) > MaxCells || len(b.Buckets) > stock.Buckets {
		return nil, refuse(TooLong, "%d cells of %d buckets: at most %d of %d", len(b.Cells), len(b.Buckets), MaxCells, stock.Buckets)
	}
	m := &forestockv1.Cells{Seq: uint64(b.Seq), Truncated: b.Truncated}
	for _, n := range b.Buckets {
		m.Buckets = append(m.Buckets, uint32(n))
	}
	for _, l := range b.Cells {
		m.Cells = append(m.Cells, &forestockv1.Cell{
			Sku: string(l.SKU), Lot: string(l.Lot), Bin: string(l.Bin), OnHand: l.OnHand, Expiry: int32(l.Expiry),
		})
	}
	return m, nil
}

func cellsFrom(m *forestockv1.Cells) (Body, error) {
	b := &Cells{Seq: stock.Seq(m.GetSeq()), Truncated: m.GetTruncated()}
	if len(m.GetBuckets()) > stock.Buckets || len(m.GetCells()) > MaxCells {
		return nil, refuse(TooLong, "%d cells of %d buckets", len(m.GetCells()), len(m.GetBuckets()))
	}
	for _, n := range m.GetBuckets() {
		if n >= stock.Buckets {
			return nil, refuse(Invalid, "%w bucket %d", stock.ErrInvalid, n)
		}
		b.Buckets = append(b.Buckets, int(n))
	}
	for _, c := range m.GetCells() {
		l := levelFrom(c)
		if err := checkLevel(&l); err != nil {
			return nil, &FrameError{Invalid, err}
		}
		b.Cells = append(b.Cells, l)
	}
	return b, nil
}

func levelFrom(c *forestockv1.Cell) stock.Level {
	return stock.Level{
		Cell:   stock.Cell{SKU: stock.SKU(c.GetSku()), Lot: stock.Lot(c.GetLot()), Bin: stock.Bin(c.GetBin())},
		OnHand: c.GetOnHand(), Expiry: stock.Date(c.GetExpiry()),
	}
}

func checkLevel(l *stock.Level) error {
	if _, err := stock.ParseSKU(string(l.SKU)); err != nil {
		return err
	}
	return firstOf(stock.CheckText(string(l.Lot)), stock.CheckText(string(l.Bin)))
}

func cellsWantedFrom(m *forestockv1.CellsWanted) (Body, error) {
	b := &CellsWanted{Seq: stock.Seq(m.GetSeq())}
	if len(m.GetBuckets()) != stock.Buckets {
		return nil, refuse(Invalid, "%w digest of %d buckets: want %d", stock.ErrInvalid, len(m.GetBuckets()), stock.Buckets)
	}
	b.Digest = stock.Digest(m.GetBuckets())
	return b, nil
}
