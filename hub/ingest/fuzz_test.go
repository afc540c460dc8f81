package ingest

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"google.golang.org/protobuf/proto"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/wire"
)

// Whatever a box that is let in says: no defect shows, what is acknowledged is
// stored, and nothing that was stored is lost.
func FuzzLink(f *testing.F) {
	r := newRig(f)
	b := r.newBox("sh-1", 1, 1)
	b.book(20)
	b.hello()
	for _, body := range []wire.Body{
		b.batch(1, 3), b.batch(4, 4), b.batch(9, 9), b.helloBody(), &wire.Ack{Upto: 1}, &wire.Gap{Want: 1}, &wire.Busy{After: 1e9},
		&wire.Ping{Nonce: 1, Last: 20}, &wire.Cells{Seq: 3, Buckets: []int{1, 2}},
	} {
		raw, kind := bodyOf(f, r, b.frame(body))
		f.Add(int32(kind), raw, true)
	}
	f.Fuzz(func(t *testing.T, kind int32, body []byte, session bool) {
		r.t = t
		before := b.applied()
		m := &forestockv1.Frame{Version: wire.Version, Kind: forestockv1.FrameKind(kind), Epoch: b.epoch[:], Boot: b.boot[:], Size: uint32(len(body)), Body: body}
		if st, ok := r.store.Warehouse(b.w); ok && session {
			m.Session, m.Boot = uint64(st.Box.Session), st.Box.Boot[:]
		}
		raw, err := proto.Marshal(m)
		if err != nil {
			t.Skip()
		}
		for _, a := range r.take(b.w, seal(raw)) {
			if ack, ok := a.Body.(*wire.Ack); ok && ack.Upto > b.applied() {
				t.Errorf("%d acknowledged, %d stored", ack.Upto, b.applied())
			}
		}
		if after := b.applied(); after < before {
			t.Errorf("%d entries stored, there were %d", after, before)
		}
		if n := r.count("frames_refused_total", "defect"); n != 0 {
			t.Fatalf("a defect: %s", r.log)
		}
	})
}

// bodyOf gives the body of a frame as it travels, unpacked.
func bodyOf(tb testing.TB, r *rig, f *wire.Frame) ([]byte, forestockv1.FrameKind) {
	tb.Helper()
	m := new(forestockv1.Frame)
	if err := proto.Unmarshal(r.encode(f)[4:], m); err != nil {
		tb.Fatal(err)
	}
	if m.GetEncoding() != forestockv1.Encoding_ENCODING_UNSPECIFIED {
		tb.Skip("packed")
	}
	return m.GetBody(), m.GetKind()
}

// seal puts the checksum before a frame, so that the fuzzer need not guess it.
func seal(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))), b...)
}
