package wire

import (
	"cmp"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// EncodeEntry gives the bytes that the ledger keeps, hashes and sends. It
// refuses an entry that is not valid.
func EncodeEntry(e *stock.Entry) ([]byte, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(entryMessage(e))
}

// EncodeUnnumbered gives what EncodeEntry gives, but for the entry's number, so
// that an entry can be encoded before anybody knows its number. It refuses an
// entry that is not valid whatever its number.
func EncodeUnnumbered(e *stock.Entry) ([]byte, error) {
	numbered := *e
	numbered.Seq = 1
	if err := numbered.Validate(); err != nil {
		// Without the number that it does not have.
		return nil, cmp.Or(e.Movement.Validate(), err)
	}
	m := entryMessage(&numbered)
	m.Seq = 0 // left out of the encoding
	return proto.MarshalOptions{Deterministic: true}.Marshal(m)
}

// AppendNumbered appends what EncodeEntry gives of an entry that EncodeUnnumbered
// encoded, with its number.
func AppendNumbered(b []byte, seq stock.Seq, unnumbered []byte) []byte {
	const field = 1 // of Entry.seq; fields are encoded in the order of their numbers
	b = protowire.AppendTag(b, field, protowire.VarintType)
	return append(protowire.AppendVarint(b, uint64(seq)), unnumbered...)
}

// DecodeEntry reads an entry back. The error wraps stock.ErrInvalid when the
// bytes are an entry that breaks a rule.
func DecodeEntry(b []byte) (stock.Entry, error) {
	var m forestockv1.Entry
	if err := proto.Unmarshal(b, &m); err != nil {
		return stock.Entry{}, fmt.Errorf("%w entry: %w", stock.ErrInvalid, err)
	}
	e := entryFrom(&m)
	if m.GetKind() < 0 || m.GetKind() > 255 {
		return stock.Entry{}, fmt.Errorf("%w entry %d: movement kind %d", stock.ErrInvalid, e.Seq, m.GetKind())
	}
	if err := e.Validate(); err != nil {
		return stock.Entry{}, err
	}
	return e, nil
}

func entryMessage(e *stock.Entry) *forestockv1.Entry {
	m := &forestockv1.Entry{
		Seq: uint64(e.Seq), Command: e.Command, Part: uint32(e.Part), Kind: forestockv1.Kind(e.Kind),
		Sku: string(e.SKU), Lot: string(e.Lot), Bin: string(e.Bin), ToBin: string(e.To), Delta: e.Delta,
		Expiry: int32(e.Expiry), Produced: int32(e.Produced), Undoes: uint64(e.Undoes),
		Operator: e.Operator, Station: e.Station, Device: e.Device, Reason: e.Reason,
		Document: e.Document, Line: e.Line, Scan: e.Scan, Frame: e.Frame,
	}
	if !e.Time.IsZero() {
		m.TimeMs = e.Time.UnixMilli()
	}
	if c := e.Count; c != nil {
		m.Count = &forestockv1.CountEvidence{Counted: c.Counted, Seen: c.Seen, Base: uint64(c.Base)}
	}
	return m
}

func entryFrom(m *forestockv1.Entry) stock.Entry {
	e := stock.Entry{
		Seq: stock.Seq(m.GetSeq()), Command: m.GetCommand(), Part: int(m.GetPart()),
		Movement: stock.Movement{
			Kind: stock.Kind(m.GetKind()), SKU: stock.SKU(m.GetSku()), Lot: stock.Lot(m.GetLot()),
			Bin: stock.Bin(m.GetBin()), To: stock.Bin(m.GetToBin()), Delta: m.GetDelta(),
			Expiry: stock.Date(m.GetExpiry()), Produced: stock.Date(m.GetProduced()), Undoes: stock.Seq(m.GetUndoes()),
			Operator: m.GetOperator(), Station: m.GetStation(), Device: m.GetDevice(), Reason: m.GetReason(),
			Document: m.GetDocument(), Line: m.GetLine(), Scan: m.GetScan(), Frame: m.GetFrame(),
		},
	}
	if ms := m.GetTimeMs(); ms != 0 {
		e.Time = time.UnixMilli(ms)
	}
	if c := m.GetCount(); c != nil {
		e.Count = &stock.CountEvidence{Counted: c.GetCounted(), Seen: c.GetSeen(), Base: stock.Seq(c.GetBase())}
	}
	return e
}
