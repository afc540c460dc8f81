package wire

import (
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/proto"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// message gives the body as the protobuf message that travels. It refuses what
// the other side would refuse.
func message(f *Frame) (proto.Message, error) {
	switch b := f.Body.(type) {
	case *Hello:
		return &forestockv1.Hello{
			First: uint64(b.First), Last: uint64(b.Last), Head: b.Head[:],
			DownEpoch: b.Down.Epoch[:], DownApplied: uint64(b.Down.Applied), Nonce: b.Nonce,
			VersionMin: b.VersionMin, VersionMax: b.VersionMax, Software: b.Software, TimeMs: ms(b.Time),
			TookOverEpoch: epochBytes(b.TookOver.Epoch), TookOverSeq: uint64(b.TookOver.Seq), TookOverLast: uint64(b.TookOver.Last),
		}, nil
	case *Welcome:
		return &forestockv1.Welcome{
			Session: b.Session, UpApplied: uint64(b.Applied), UpHead: b.Head[:], DownEpoch: b.DownEpoch[:], DownLast: uint64(b.DownLast),
			MaxEntries: uint32(b.MaxEntries), MaxBytes: uint32(b.MaxBytes), Version: b.Version, TimeMs: ms(b.Time),
			Boot: b.Boot[:], Nonce: b.Nonce, BaseWanted: b.BaseWanted, Occupied: b.Occupied, TellOrders: b.TellOrders,
			TakeOverEpoch: epochBytes(b.TakeOver.Epoch), TakeOverSeq: uint64(b.TakeOver.Seq),
		}, nil
	case *Batch:
		if err := b.check(); err != nil {
			return nil, err
		}
		return &forestockv1.Batch{From: uint64(b.From), Prev: b.Prev[:], Entries: b.Entries, Digest: b.Digest, Last: uint64(b.Last)}, nil
	case *DownBatch:
		return downMessage(b)
	case *Cells:
		return cellsMessage(b)
	case *Statement:
		return statementMessage(b)
	case *Trace:
		return traceMessage(b)
	case *Orders:
		return ordersMessage(b)
	case nil:
		return nil, refuse(BadKind, "a frame without a body")
	default:
		return smallMessage(b), nil
	}
}

// smallMessage gives the bodies of a few numbers each.
func smallMessage(body Body) proto.Message {
	switch b := body.(type) {
	case *Ack:
		return &forestockv1.Ack{Upto: uint64(b.Upto), Last: uint64(b.Last)}
	case *Gap:
		return &forestockv1.Gap{Want: uint64(b.Want)}
	case *Busy:
		return &forestockv1.Busy{AfterMs: uint32(b.After.Milliseconds())}
	case *Ping:
		return &forestockv1.Ping{Nonce: b.Nonce, Last: uint64(b.Last), TimeMs: ms(b.Time)}
	case *Pong:
		return &forestockv1.Pong{Nonce: b.Nonce, UpApplied: uint64(b.Applied), DownLast: uint64(b.DownLast), TimeMs: ms(b.Time)}
	case *Fenced:
		return &forestockv1.Fenced{Reason: forestockv1.Fenced_Reason(b.Reason), Message: b.Message, Nonce: b.Nonce, Rebirth: b.Rebirth}
	case *CellsWanted:
		return &forestockv1.CellsWanted{Seq: uint64(b.Seq), Buckets: b.Digest[:]}
	case *StatementWanted:
		return &forestockv1.StatementWanted{Of: forestockv1.StatementWanted_Of(b.Of), Seq: uint64(b.Seq), Part: uint32(b.Part)}
	case *Traced:
		return &forestockv1.Traced{Same: uint64(b.Same), First: uint64(b.First)}
	case *OrdersTaken:
		return &forestockv1.OrdersTaken{Part: uint32(b.Part)}
	}
	return nil
}

// parse reads the body of a frame and checks every limit of its kind.
func parse(k Kind, b []byte) (Body, error) {
	if k == KindBatch {
		return parseBatch(b)
	}
	// A message of two bytes can cost a hundred in memory: count before
	// anything is built.
	if n := fields(b); n > MaxCells+stock.Buckets {
		return nil, refuse(TooLong, "%s of %d fields", k, n)
	}
	if int(k) >= len(parsers) || parsers[k] == nil {
		return nil, refuse(BadKind, "kind %d", k)
	}
	return parsers[k](b)
}

// parsers holds how the body of every kind but KindBatch is read.
var parsers = [...]func([]byte) (Body, error){
	KindHello:       as(helloFrom),
	KindWelcome:     as(welcomeFrom),
	KindDownBatch:   as(downFrom),
	KindCells:       as(cellsFrom),
	KindCellsWanted: as(cellsWantedFrom),
	KindFenced:      as(fencedFrom),

	KindStatement:       as(statementFrom),
	KindStatementWanted: as(statementWantedFrom),
	KindTrace:           as(traceFrom),
	KindTraced: as(func(m *forestockv1.Traced) (Body, error) {
		return &Traced{stock.Seq(m.GetSame()), stock.Seq(m.GetFirst())}, nil
	}),
	KindOrders: as(ordersFrom),
	KindOrdersTaken: as(func(m *forestockv1.OrdersTaken) (Body, error) {
		return &OrdersTaken{int(m.GetPart())}, nil
	}),
	KindAck: as(func(m *forestockv1.Ack) (Body, error) {
		return &Ack{stock.Seq(m.GetUpto()), stock.Seq(m.GetLast())}, nil
	}),
	KindGap: as(func(m *forestockv1.Gap) (Body, error) {
		return &Gap{stock.Seq(m.GetWant())}, nil
	}),
	KindBusy: as(func(m *forestockv1.Busy) (Body, error) {
		return &Busy{time.Duration(m.GetAfterMs()) * time.Millisecond}, nil
	}),
	KindPing: as(func(m *forestockv1.Ping) (Body, error) {
		return &Ping{m.GetNonce(), stock.Seq(m.GetLast()), clock(m.GetTimeMs())}, nil
	}),
	KindPong: as(func(m *forestockv1.Pong) (Body, error) {
		return &Pong{m.GetNonce(), stock.Seq(m.GetUpApplied()), stock.Seq(m.GetDownLast()), clock(m.GetTimeMs())}, nil
	}),
}

// as gives a parser that reads the message M and turns it into a body.
func as[M any, P interface {
	*M
	proto.Message
}](turn func(P) (Body, error)) func([]byte) (Body, error) {
	return func(b []byte) (Body, error) {
		m := P(new(M))
		if err := unmarshal(b, m); err != nil {
			return nil, &FrameError{Malformed, err}
		}
		return turn(m)
	}
}

func helloFrom(m *forestockv1.Hello) (Body, error) {
	b := &Hello{
		First: stock.Seq(m.GetFirst()), Last: stock.Seq(m.GetLast()), Nonce: m.GetNonce(),
		VersionMin: m.GetVersionMin(), VersionMax: m.GetVersionMax(), Software: m.GetSoftware(), Time: clock(m.GetTimeMs()),
	}
	if err := firstOf(fill(b.Head[:], m.GetHead()), fill(b.Down.Epoch[:], m.GetDownEpoch()), stock.CheckText(b.Software)); err != nil {
		return nil, &FrameError{Invalid, err}
	}
	if b.First > b.Last && b.First-b.Last != 1 {
		return nil, refuse(Invalid, "%w ledger from %d to %d", stock.ErrInvalid, b.First, b.Last)
	}
	b.Down.Applied = stock.Seq(m.GetDownApplied())
	b.TookOver = stock.Takeover{Seq: stock.Seq(m.GetTookOverSeq()), Last: stock.Seq(m.GetTookOverLast())}
	if err := fillSet(b.TookOver.Epoch[:], m.GetTookOverEpoch()); err != nil {
		return nil, &FrameError{Invalid, err}
	}
	return b, nil
}

func welcomeFrom(m *forestockv1.Welcome) (Body, error) {
	b := &Welcome{
		Session: m.GetSession(), Applied: stock.Seq(m.GetUpApplied()), DownLast: stock.Seq(m.GetDownLast()),
		MaxEntries: int(m.GetMaxEntries()), MaxBytes: int(m.GetMaxBytes()), Version: m.GetVersion(),
		Time: clock(m.GetTimeMs()), Nonce: m.GetNonce(), BaseWanted: m.GetBaseWanted(), Occupied: m.GetOccupied(), TellOrders: m.GetTellOrders(),
		TakeOver: stock.Takeover{Seq: stock.Seq(m.GetTakeOverSeq())},
	}
	err := firstOf(fill(b.Head[:], m.GetUpHead()), fill(b.DownEpoch[:], m.GetDownEpoch()), fill(b.Boot[:], m.GetBoot()),
		fillSet(b.TakeOver.Epoch[:], m.GetTakeOverEpoch()))
	if err != nil {
		return nil, &FrameError{Invalid, err}
	}
	if b.Session == 0 || b.MaxEntries <= 0 || b.MaxBytes <= 0 {
		return nil, refuse(Invalid, "%w welcome: session %d, at most %d entries of %d bytes", stock.ErrInvalid, b.Session, b.MaxEntries, b.MaxBytes)
	}
	return b, nil
}

func fencedFrom(m *forestockv1.Fenced) (Body, error) {
	if len(m.GetMessage()) > maxMessage {
		return nil, refuse(TooLong, "message of %d bytes", len(m.GetMessage()))
	}
	return &Fenced{Fence(m.GetReason()), m.GetMessage(), m.GetNonce(), m.GetRebirth()}, nil
}

// maxMessage bounds what the hub tells an operator, in bytes.
const maxMessage = 1024

// fill copies src into dst; they must have one length.
func fill(dst, src []byte) error {
	if len(src) != len(dst) {
		return fmt.Errorf("%w identity or hash: %d bytes where %d belong", stock.ErrInvalid, len(src), len(dst))
	}
	copy(dst, src)
	return nil
}

// fillSet copies src into dst where there is one: none stands for zero.
func fillSet(dst, src []byte) error {
	if len(src) == 0 {
		return nil
	}
	return fill(dst, src)
}

// epochBytes gives an epoch as it travels where it may be absent.
func epochBytes(e stock.Epoch) []byte {
	if e.IsZero() {
		return nil
	}
	return e[:]
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// ms gives a clock as it travels: Unix milliseconds, 0 for none.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// clock reads what a clock said. A clock that is years off is read as it is: it
// is a hint, and whoever uses it compares it with its own.
func clock(ms int64) time.Time {
	if ms == 0 || ms < -maxClock || ms > maxClock {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// maxClock keeps times inside what Go's calendar and durations can compute
// with: some 140 years either way.
const maxClock = math.MaxInt64 / int64(time.Millisecond) / 2
