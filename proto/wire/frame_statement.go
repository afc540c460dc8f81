package wire

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"google.golang.org/protobuf/proto"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// StatementOf says which levels are meant. The numbers are on the wire.
type StatementOf int

// The statements that can be asked for.
const (
	StatementNewest StatementOf = 1 // the agent's, as of its newest entry
	StatementBase   StatementOf = 2 // the agent's, before the oldest entry that it keeps
	StatementStored StatementOf = 3 // the hub's, of the ledger that is being taken over
)

// String gives the name, as written in logs.
func (o StatementOf) String() string {
	names := [...]string{"unknown", "newest", "base", "stored"}
	if o < 0 || int(o) >= len(names) {
		return names[0]
	}
	return names[o]
}

// StatementWanted asks for one part of a statement.
type StatementWanted struct {
	Of   StatementOf
	Seq  stock.Seq // what the parts so far were as of; 0 when there are none
	Part int       // from 0
}

// Statement is one part of a statement, as of entry Seq of the frame's epoch.
type Statement struct {
	Of          StatementOf
	Seq         stock.Seq
	Head        stock.Hash
	Part, Parts int
	Levels      []stock.StatedLevel
	Digest      uint64 // root of the digest of all levels, over all parts
	Booked      []stock.Booked
}

// Trace asks how far a ledger, of the frame's epoch, and what the hub has
// stored of it agree.
type Trace struct{ Points []TracePoint }

// TracePoint is an entry of a ledger.
type TracePoint struct {
	Seq stock.Seq
	Sum uint64 // TraceSum of its bytes
}

// Traced answers a Trace.
type Traced struct {
	Same  stock.Seq // the greatest of the points that the hub has stored just so; 0 for none
	First stock.Seq // the first point that was asked for
}

// MaxPoints bounds the points of one Trace.
const MaxPoints = 64

// maxParts bounds the parts of a statement: some two million levels.
const maxParts = 4096

// partBytes is the unpacked size in bytes from which a statement goes on in
// another part. A part always fits a frame, however badly it packs.
const partBytes = 40 << 10

// TraceSum gives the sum by which a Trace names an entry's bytes.
func TraceSum(raw []byte) uint64 {
	sum := sha256.Sum256(raw)
	return binary.BigEndian.Uint64(sum[:])
}

// Parts divides a statement into the parts that travel. There is always one.
func Parts(of StatementOf, st *stock.Statement) []*Statement {
	var parts []*Statement
	levels, size, first := st.Levels, 0, 0
	cut := func(end int) {
		parts = append(parts, &Statement{Of: of, Seq: st.Seq, Head: st.Head, Part: len(parts), Levels: levels[first:end:end], Digest: st.Digest})
		first, size = end, 0
	}
	for i := range levels {
		n := proto.Size(cellMessage(&levels[i])) + 4
		if size += n; i > first && (size > partBytes || i-first == MaxCells) {
			cut(i)
			size = n
		}
	}
	cut(len(levels))
	// They do not pack, so they go alone.
	for booked := range slices.Chunk(st.Booked, MaxCells/2) {
		cut(len(levels))
		parts[len(parts)-1].Booked = booked
	}
	for _, p := range parts {
		p.Parts = len(parts)
	}
	return parts
}

func cellMessage(l *stock.StatedLevel) *forestockv1.Cell {
	return &forestockv1.Cell{
		Sku: string(l.SKU), Lot: string(l.Lot), Bin: string(l.Bin), OnHand: l.OnHand,
		Expiry: int32(l.Expiry), Produced: int32(l.Produced),
	}
}

func statementMessage(b *Statement) (*forestockv1.Statement, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	m := &forestockv1.Statement{
		Of: forestockv1.StatementWanted_Of(b.Of), Seq: uint64(b.Seq), Head: b.Head[:],
		Part: uint32(b.Part), Parts: uint32(b.Parts), Digest: b.Digest,
	}
	for i := range b.Levels {
		m.Cells = append(m.Cells, cellMessage(&b.Levels[i]))
	}
	for _, e := range b.Booked {
		m.Booked = append(m.Booked, &forestockv1.Booked{Command: e.Command[:], Part: uint32(e.Part)})
	}
	return m, nil
}

func (b *Statement) check() error {
	if b.Parts < 1 || b.Parts > maxParts || b.Part < 0 || b.Part >= b.Parts {
		return refuse(Invalid, "%w statement: part %d of %d", stock.ErrInvalid, b.Part, b.Parts)
	}
	return nil
}

func statementFrom(m *forestockv1.Statement) (Body, error) {
	b := &Statement{
		Of: StatementOf(m.GetOf()), Seq: stock.Seq(m.GetSeq()), Part: int(m.GetPart()), Parts: int(m.GetParts()), Digest: m.GetDigest(),
	}
	if err := firstOf(fill(b.Head[:], m.GetHead()), b.check()); err != nil {
		return nil, &FrameError{Invalid, err}
	}
	for _, c := range m.GetCells() {
		l := stock.StatedLevel{Level: levelFrom(c), Produced: stock.Date(c.GetProduced())}
		if err := checkLevel(&l.Level); err != nil {
			return nil, &FrameError{Invalid, err}
		}
		if !l.Expiry.Valid() || !l.Produced.Valid() {
			return nil, refuse(Invalid, "%w dates of lot %s of %s: expiry %d, produced %d", stock.ErrInvalid, l.Lot, l.SKU, l.Expiry, l.Produced)
		}
		b.Levels = append(b.Levels, l)
	}
	for _, m := range m.GetBooked() {
		e := stock.Booked{Part: int(m.GetPart())}
		if err := fill(e.Command[:], m.GetCommand()); err != nil {
			return nil, &FrameError{Invalid, err}
		}
		b.Booked = append(b.Booked, e)
	}
	return b, nil
}

func statementWantedFrom(m *forestockv1.StatementWanted) (Body, error) {
	b := &StatementWanted{StatementOf(m.GetOf()), stock.Seq(m.GetSeq()), int(m.GetPart())}
	if b.Part >= maxParts {
		return nil, refuse(Invalid, "%w part %d of a statement", stock.ErrInvalid, b.Part)
	}
	return b, nil
}

func traceMessage(b *Trace) (*forestockv1.Trace, error) {
	m := new(forestockv1.Trace)
	for _, p := range b.Points {
		m.Points = append(m.Points, &forestockv1.TracePoint{Seq: uint64(p.Seq), Sum: p.Sum})
	}
	return m, checkPoints(b.Points)
}

func traceFrom(m *forestockv1.Trace) (Body, error) {
	b := new(Trace)
	for _, p := range m.GetPoints() {
		b.Points = append(b.Points, TracePoint{stock.Seq(p.GetSeq()), p.GetSum()})
	}
	if err := checkPoints(b.Points); err != nil {
		return nil, err
	}
	return b, nil
}

func checkPoints(points []TracePoint) error {
	if len(points) == 0 || len(points) > MaxPoints {
		return refuse(TooLong, "%d points of a trace: 1 to %d", len(points), MaxPoints)
	}
	for i := 1; i < len(points); i++ {
		if points[i].Seq <= points[i-1].Seq {
			return refuse(Invalid, "%w trace: entry %d after %d", stock.ErrInvalid, points[i].Seq, points[i-1].Seq)
		}
	}
	return nil
}

func (*StatementWanted) kind() Kind { return KindStatementWanted }
func (*Statement) kind() Kind       { return KindStatement }
func (*Trace) kind() Kind           { return KindTrace }
func (*Traced) kind() Kind          { return KindTraced }
