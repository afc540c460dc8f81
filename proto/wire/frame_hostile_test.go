package wire_test

import (
	"encoding/binary"
	"hash/crc32"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// seal gives the bytes of any message with a right checksum before it.
func seal(tb testing.TB, m *forestockv1.Frame) []byte {
	tb.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		tb.Fatal(err)
	}
	return sum(b)
}

func sum(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))), b...)
}

// envelope gives a frame of the right version around a body.
func envelope(kind forestockv1.FrameKind, body []byte, change func(*forestockv1.Frame)) *forestockv1.Frame {
	m := &forestockv1.Frame{Version: wire.Version, Kind: kind, Epoch: make([]byte, 16), Boot: make([]byte, 16), Size: uint32(len(body)), Body: body}
	if change != nil {
		change(m)
	}
	return m
}

func packed(tb testing.TB, n int) []byte {
	tb.Helper()
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return enc.EncodeAll(make([]byte, n), nil)
}

type hostile struct {
	name string
	b    []byte
	want wire.Reason
}

func hostileFrames(tb testing.TB) []hostile {
	tb.Helper()
	const (
		batch = forestockv1.FrameKind_FRAME_KIND_BATCH
		cells = forestockv1.FrameKind_FRAME_KIND_CELLS
		ping  = forestockv1.FrameKind_FRAME_KIND_PING
		hello = forestockv1.FrameKind_FRAME_KIND_HELLO
		ztd   = forestockv1.Encoding_ENCODING_ZSTD
	)
	zip := func(says int, body []byte) func(*forestockv1.Frame) {
		return func(m *forestockv1.Frame) { m.Encoding, m.Size, m.Body = ztd, uint32(says), body }
	}
	empties := slices.Repeat(protowire.AppendBytes(protowire.AppendTag(nil, 3, protowire.BytesType), nil), wire.MaxBatch+1)
	emptyCells := slices.Repeat(protowire.AppendBytes(protowire.AppendTag(nil, 3, protowire.BytesType), nil), 5000)
	shortHead, _ := proto.Marshal(&forestockv1.Hello{Head: []byte{1}})
	backwards, _ := proto.Marshal(&forestockv1.Hello{First: 9, Last: 2, Head: make([]byte, 32), DownEpoch: make([]byte, 16)})
	badCell, _ := proto.Marshal(&forestockv1.Cells{Cells: []*forestockv1.Cell{{Sku: "no spaces"}}})
	badBucket, _ := proto.Marshal(&forestockv1.Cells{Buckets: []uint32{256}})
	wrap, _ := proto.Marshal(&forestockv1.Batch{From: 1<<64 - 1, Prev: make([]byte, 32), Entries: [][]byte{{1}, {2}}, Last: 1<<64 - 1})
	good, err := codec(tb).Encode(&wire.Frame{Body: &wire.Ping{Nonce: 1}})
	if err != nil {
		tb.Fatal(err)
	}
	flipped := slices.Clone(good)
	flipped[len(flipped)-1] ^= 1
	two := slices.Concat(packed(tb, 1000), packed(tb, 1000))
	return []hostile{
		{"nothing", nil, wire.TooShort},
		{"a checksum alone", good[:4], wire.TooShort},
		{"half a frame", good[:len(good)-3], wire.Checksum},
		{"one bit flipped", flipped, wire.Checksum},
		{"longer than any broker carries", make([]byte, wire.MaxFrame+1), wire.TooLong},
		{"not protobuf", sum([]byte{0xff, 0xff, 0xff}), wire.Malformed},
		{"no epoch", seal(tb, envelope(ping, nil, func(m *forestockv1.Frame) { m.Epoch = nil })), wire.Malformed},
		{"a boot of 15 bytes", seal(tb, envelope(ping, nil, func(m *forestockv1.Frame) { m.Boot = m.Boot[1:] })), wire.Malformed},
		{"a version to come", seal(tb, envelope(ping, nil, func(m *forestockv1.Frame) { m.Version = 2 })), wire.BadVers},
		{"no version", seal(tb, envelope(ping, nil, func(m *forestockv1.Frame) { m.Version = 0 })), wire.BadVers},
		{"no kind", seal(tb, envelope(0, nil, nil)), wire.BadKind},
		{"a kind to come", seal(tb, envelope(99, nil, nil)), wire.BadKind},
		{"a negative kind", seal(tb, envelope(-1, nil, nil)), wire.BadKind},
		{"an encoding to come", seal(tb, envelope(ping, nil, func(m *forestockv1.Frame) { m.Encoding = 9 })), wire.Malformed},
		{"a body that is not as long as it says", seal(tb, envelope(ping, []byte{8, 1}, func(m *forestockv1.Frame) { m.Size = 3 })), wire.Malformed},
		{"a body that is not its kind", seal(tb, envelope(ping, []byte{0xff}, nil)), wire.Malformed},
		{"says it unpacks to 4 GiB", seal(tb, envelope(batch, nil, zip(1<<32-1, packed(tb, 10)))), wire.Bomb},
		{"unpacks to 20 MB, says so inside only", seal(tb, envelope(batch, nil, zip(1000, packed(tb, 20_000_000)))), wire.Bomb},
		{"unpacks to 20 MB, says 100 bytes in both places", seal(tb, envelope(batch, nil, zip(100, lie(packed(tb, 20_000_000), 100)))), wire.Bomb},
		{"unpacks to less than it says", seal(tb, envelope(batch, nil, zip(2000, packed(tb, 1000)))), wire.Bomb},
		{"two packed bodies in one", seal(tb, envelope(batch, nil, zip(1000, two))), wire.Bomb},
		{"a skippable frame", seal(tb, envelope(batch, nil, zip(0, []byte{0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0}))), wire.Malformed},
		{"not zstd", seal(tb, envelope(batch, nil, zip(5, []byte("hello")))), wire.Malformed},
		{"a batch of too many entries", seal(tb, envelope(batch, empties, nil)), wire.TooLong},
		{"a batch without anything", seal(tb, envelope(batch, nil, nil)), wire.Invalid},
		{"a batch whose numbers wrap", seal(tb, envelope(batch, wrap, nil)), wire.Invalid},
		{"a batch cut in an entry", seal(tb, envelope(batch, []byte{3<<3 | 2, 200, 1, 7}, nil)), wire.Malformed},
		{"five thousand empty cells", seal(tb, envelope(cells, emptyCells, nil)), wire.TooLong},
		{"a cell of no SKU", seal(tb, envelope(cells, badCell, nil)), wire.Invalid},
		{"a bucket that does not exist", seal(tb, envelope(cells, badBucket, nil)), wire.Invalid},
		{"a hello with a short hash", seal(tb, envelope(hello, shortHead, nil)), wire.Invalid},
		{"a ledger that ends before it begins", seal(tb, envelope(hello, backwards, nil)), wire.Invalid},
	}
}

// lie changes the content size that a zstd frame of over 65,791 bytes says.
func lie(b []byte, size uint32) []byte {
	b = slices.Clone(b)
	// RFC 8878 3.1.1.1: magic (4), descriptor (1), window unless single segment.
	at := 5
	if b[4]&0x20 == 0 {
		at = 6
	}
	binary.LittleEndian.PutUint32(b[at:], size)
	return b
}

func TestDecode_RefusesHostileFrames(t *testing.T) {
	c := codec(t)
	for _, tt := range hostileFrames(t) {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.DecodeUp(tt.b)
			if wire.ReasonOf(err) != tt.want {
				t.Errorf("DecodeUp: %v, want reason %s", err, tt.want)
			}
		})
	}
}

// maxCost is what one frame may cost in memory while it is decoded: a few
// copies of the largest body, and what its smallest messages become.
const maxCost = 8 * wire.MaxBody

func cost(decode func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	decode()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestDecode_HostileFramesCostNoMemory(t *testing.T) {
	c := codec(t)
	_, _ = c.DecodeUp(seal(t, envelope(forestockv1.FrameKind_FRAME_KIND_BATCH, nil, func(m *forestockv1.Frame) {
		m.Encoding, m.Size, m.Body = forestockv1.Encoding_ENCODING_ZSTD, wire.MaxBody, packed(t, wire.MaxBody)
	}))) // fills the decoders' buffers, which stay
	for _, tt := range hostileFrames(t) {
		if got := cost(func() { _, _ = c.DecodeUp(tt.b) }); got > maxCost {
			t.Errorf("%s: cost %d bytes, at most %d", tt.name, got, maxCost)
		}
	}
	// The negative control: what the bomb costs a decoder without limits.
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	bomb := packed(t, 20_000_000)
	if got := cost(func() { _, _ = dec.DecodeAll(bomb, nil) }); got <= maxCost {
		t.Errorf("the bomb costs an unlimited decoder only %d bytes: it proves nothing", got)
	}
}

// Whatever the bytes: a frame that is accepted encodes, comes back equal, and
// cost a bounded amount of memory.
func FuzzDecode(f *testing.F) {
	c := codec(f)
	up, down := frames()
	for _, frame := range slices.Concat(up, down) {
		b, err := c.Encode(&frame)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[4:])
	}
	for _, h := range hostileFrames(f) {
		if len(h.b) > 4 && len(h.b) < 2000 {
			f.Add(h.b[4:])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = sum(b) // the fuzzer will never guess a checksum
		for _, decode := range []func([]byte) (wire.Frame, error){c.DecodeUp, c.DecodeDown} {
			var frame wire.Frame
			var err error
			if got := cost(func() { frame, err = decode(b) }); got > 4*maxCost {
				t.Fatalf("cost %d bytes", got)
			}
			if err != nil {
				if wire.ReasonOf(err) == "" {
					t.Fatalf("%v: has no reason", err)
				}
				continue
			}
			again, err := c.Encode(&frame)
			if err != nil {
				if wire.ReasonOf(err) == wire.TooLong {
					continue // packed better by its sender than by us
				}
				t.Fatalf("encode what was decoded: %v", err)
			}
			back, err := decode(again)
			if err != nil {
				t.Fatalf("decode what was encoded: %v", err)
			}
			if diff := cmp.Diff(frame, back); diff != "" {
				t.Fatalf("(-first +second):\n%s", diff)
			}
			if ba, ok := frame.Body.(*wire.Batch); ok && ba.To() < ba.From {
				t.Fatalf("batch %d to %d", ba.From, ba.To())
			}
		}
	})
}

func BenchmarkBatch(b *testing.B) {
	c := codec(b)
	entries := make([][]byte, 512)
	for i := range entries {
		e := stock.Entry{Seq: stock.Seq(i + 1), Command: "3f0c6a52-" + string(rune('a'+i%26)), Movement: stock.Movement{
			Kind: stock.Pick, SKU: "milk-1l", Lot: "L20261121", Bin: "A-01", Delta: -int64(i), Operator: "li", Station: "s1", Device: "scan-1",
			Scan: []byte("]E06901234567892"), Frame: []byte("ST,GS,+00001.250kg\r\n"),
		}}
		raw, err := wire.EncodeEntry(&e)
		if err != nil {
			b.Fatal(err)
		}
		entries[i] = raw
	}
	f := &wire.Frame{Body: &wire.Batch{Batch: stock.Batch{From: 1, Entries: entries}, Last: 512}}
	raw, err := c.Encode(f)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportMetric(float64(len(raw)), "B/frame")
		for b.Loop() {
			if _, err := c.Encode(f); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if _, err := c.DecodeUp(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}
