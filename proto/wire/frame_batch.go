package wire

import (
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// check holds a batch against the limits of the link. Entries are not
// decoded: one that is wrong is the receiver's to set aside.
func (b *Batch) check() error {
	if len(b.Entries) == 0 || len(b.Entries) > MaxBatch {
		return refuse(TooLong, "batch of %d entries: 1 to %d", len(b.Entries), MaxBatch)
	}
	if b.From == 0 || b.From > math.MaxUint64-MaxBatch || b.To() > b.Last {
		return refuse(Invalid, "%w batch: %d to %d of %d", stock.ErrInvalid, b.From, b.To(), b.Last)
	}
	for i, e := range b.Entries {
		if len(e) == 0 {
			return refuse(Invalid, "%w batch: entry %d is empty", stock.ErrInvalid, b.From+stock.Seq(i))
		}
	}
	return nil
}

// Field numbers of forestock.v1.Batch.
const (
	batchFrom    protowire.Number = 1
	batchPrev    protowire.Number = 2
	batchEntries protowire.Number = 3
	batchDigest  protowire.Number = 4
	batchLast    protowire.Number = 5
)

// parseBatch reads a Batch message by hand: it is most of the traffic, its
// entries need no copy, and a body of a hundred thousand empty entries must
// not become as many slices.
func parseBatch(b []byte) (Body, error) {
	out := new(Batch)
	var prev []byte
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, &FrameError{Malformed, protowire.ParseError(n)}
		}
		b = b[n:]
		switch {
		case num == batchEntries && typ == protowire.BytesType:
			var entry []byte
			if entry, n = protowire.ConsumeBytes(b); n >= 0 {
				out.Entries = append(out.Entries, slices.Clip(entry))
			}
			if len(out.Entries) > MaxBatch {
				return nil, refuse(TooLong, "batch of over %d entries", MaxBatch)
			}
		case num == batchPrev && typ == protowire.BytesType:
			prev, n = protowire.ConsumeBytes(b)
		case num == batchDigest && typ == protowire.Fixed64Type:
			var v uint64
			v, n = protowire.ConsumeFixed64(b)
			out.Digest = &v
		case (num == batchFrom || num == batchLast) && typ == protowire.VarintType:
			n = out.number(num, b)
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return nil, &FrameError{Malformed, protowire.ParseError(n)}
		}
		b = b[n:]
	}
	if err := fill(out.Prev[:], prev); err != nil {
		return nil, &FrameError{Invalid, err}
	}
	if err := out.check(); err != nil {
		return nil, err
	}
	return out, nil
}

func (b *Batch) number(num protowire.Number, in []byte) int {
	v, n := protowire.ConsumeVarint(in)
	if num == batchFrom {
		b.From = stock.Seq(v)
	} else {
		b.Last = stock.Seq(v)
	}
	return n
}

// fields counts the fields of a message, without those inside them. A message
// that ends early counts up to there: unmarshalling refuses it.
func fields(b []byte) int {
	count := 0
	for len(b) > 0 {
		_, _, n := protowire.ConsumeField(b)
		if n < 0 {
			break
		}
		b = b[n:]
		count++
	}
	return count
}

func downMessage(b *DownBatch) (*forestockv1.DownBatch, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	m := &forestockv1.DownBatch{From: uint64(b.From)}
	for _, d := range b.Entries {
		e := new(forestockv1.DownEntry)
		switch {
		case d.Item != nil:
			e.What = &forestockv1.DownEntry_Item{Item: ItemMessage(d.Item)}
		case d.Order != nil:
			e.What = &forestockv1.DownEntry_Order{Order: OrderMessage(d.Order)}
		}
		m.Entries = append(m.Entries, e)
	}
	return m, nil
}

func downFrom(m *forestockv1.DownBatch) (Body, error) {
	b := &DownBatch{From: stock.Seq(m.GetFrom())}
	for _, e := range m.GetEntries() {
		var d stock.Down
		// An entry of a kind or with a value that this version does not take
		// stays empty: its number counts, so that it never holds up those
		// behind it, and a newer hub can talk to an older agent.
		if m := e.GetItem(); m != nil {
			if it, err := ItemFrom(m); err == nil {
				d.Item = &it
			}
		}
		if m := e.GetOrder(); m != nil {
			if o, err := OrderFrom(m); err == nil {
				d.Order = &o
			}
		}
		b.Entries = append(b.Entries, d)
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *DownBatch) check() error {
	if len(b.Entries) == 0 || len(b.Entries) > MaxBatch {
		return refuse(TooLong, "down batch of %d entries: 1 to %d", len(b.Entries), MaxBatch)
	}
	if b.From == 0 || b.From > math.MaxUint64-MaxBatch {
		return refuse(Invalid, "%w down batch from %d", stock.ErrInvalid, b.From)
	}
	return nil
}
