package wire

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

const (
	sumSize = 4 // bytes of CRC-32C before the frame
	// packFrom is the body size in bytes from which packing is tried; below
	// it, the header of zstd eats what is won.
	packFrom = 256
)

// Codec turns frames into bytes and back. It keeps its zstd state between
// frames; its memory is bounded. It is safe for concurrent use.
type Codec struct {
	sum *crc32.Table
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// NewCodec gives a codec. It starts no goroutine and needs no closing. Its
// error would be one of the zstd library refusing a constant option.
func NewCodec() (*Codec, error) {
	// The checksum of the frame covers the packed body: zstd's own is off.
	// A single segment always says its unpacked size.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(MaxBody),
		zstd.WithSingleSegment(true), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("set up packing: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(MaxBody), zstd.WithDecoderMaxWindow(MaxBody),
		zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderLowmem(true), zstd.WithDecoderConcurrency(0))
	if err != nil {
		return nil, fmt.Errorf("set up unpacking: %w", err)
	}
	return &Codec{crc32.MakeTable(crc32.Castagnoli), enc, dec}, nil
}

// Encode gives the bytes of a frame. Its error is a *FrameError: TooLong when
// the frame would be over MaxFrame, Invalid when the body breaks a limit of
// its kind.
func (c *Codec) Encode(f *Frame) ([]byte, error) {
	m, err := message(f)
	if err != nil {
		return nil, err
	}
	body, err := proto.Marshal(m)
	if err != nil {
		return nil, &FrameError{Malformed, err}
	}
	if len(body) > MaxBody {
		return nil, refuse(TooLong, "%s of %d bytes: at most %d", f.Kind(), len(body), MaxBody)
	}
	envelope := &forestockv1.Frame{
		Version: Version, Kind: forestockv1.FrameKind(f.Kind()), Epoch: f.Epoch[:], Boot: f.Boot[:],
		Session: f.Session, Size: uint32(len(body)), Body: body,
	}
	c.pack(envelope)
	out, err := proto.MarshalOptions{}.MarshalAppend(make([]byte, sumSize, sumSize+64+len(envelope.Body)), envelope)
	if err != nil {
		return nil, &FrameError{Malformed, err}
	}
	if len(out) > MaxFrame {
		return nil, refuse(TooLong, "%s frame of %d bytes: at most %d", f.Kind(), len(out), MaxFrame)
	}
	binary.BigEndian.PutUint32(out, crc32.Checksum(out[sumSize:], c.sum))
	return out, nil
}

// pack packs the body where that saves an eighth.
func (c *Codec) pack(f *forestockv1.Frame) {
	if len(f.Body) < packFrom {
		return
	}
	packed := c.enc.EncodeAll(f.Body, make([]byte, 0, len(f.Body)/2))
	if len(packed) > len(f.Body)-len(f.Body)/8 {
		return
	}
	f.Encoding, f.Body = forestockv1.Encoding_ENCODING_ZSTD, packed
}

// DecodeUp reads a frame that an agent sent. Its error is a *FrameError. With
// BadVers, what the frame says outside its body is given too, so that the
// sender can be answered.
func (c *Codec) DecodeUp(b []byte) (Frame, error) { return c.decode(b, up) }

// DecodeDown reads a frame that the hub sent, as DecodeUp does.
func (c *Codec) DecodeDown(b []byte) (Frame, error) { return c.decode(b, down) }

func (c *Codec) decode(b []byte, w way) (Frame, error) {
	envelope, err := c.open(b)
	if err != nil {
		return Frame{}, err
	}
	f := Frame{Session: envelope.GetSession()}
	if len(envelope.GetEpoch()) != len(f.Epoch) || len(envelope.GetBoot()) != len(f.Boot) {
		return Frame{}, refuse(Malformed, "epoch of %d and boot of %d bytes: want 16", len(envelope.GetEpoch()), len(envelope.GetBoot()))
	}
	f.Epoch, f.Boot = stock.Epoch(envelope.GetEpoch()), Boot(envelope.GetBoot())
	if envelope.GetVersion() != Version {
		return f, refuse(BadVers, "protocol version %d: this program speaks %d", envelope.GetVersion(), Version)
	}
	kind := Kind(envelope.GetKind())
	if !kind.travels(w) {
		return Frame{}, refuse(BadKind, "kind %d does not travel this way", envelope.GetKind())
	}
	body, err := c.unpack(envelope)
	if err != nil {
		return Frame{}, err
	}
	if f.Body, err = parse(kind, body); err != nil {
		return Frame{}, err
	}
	return f, nil
}

// open checks length and checksum before anything else is believed.
func (c *Codec) open(b []byte) (*forestockv1.Frame, error) {
	if len(b) <= sumSize {
		return nil, refuse(TooShort, "%d bytes", len(b))
	}
	if len(b) > MaxFrame {
		return nil, refuse(TooLong, "%d bytes: at most %d", len(b), MaxFrame)
	}
	if got, want := crc32.Checksum(b[sumSize:], c.sum), binary.BigEndian.Uint32(b); got != want {
		return nil, refuse(Checksum, "sum is %08x, says %08x", got, want)
	}
	m := new(forestockv1.Frame)
	if err := unmarshal(b[sumSize:], m); err != nil {
		return nil, &FrameError{Malformed, err}
	}
	return m, nil
}

// unpack gives the body as it was before packing. It spends no memory on a
// body that says it is too long, and stops at the length that it says.
func (c *Codec) unpack(m *forestockv1.Frame) ([]byte, error) {
	size := int(m.GetSize())
	if size > MaxBody {
		return nil, refuse(Bomb, "says it unpacks to %d bytes: at most %d", size, MaxBody)
	}
	switch m.GetEncoding() {
	case forestockv1.Encoding_ENCODING_UNSPECIFIED:
		if len(m.GetBody()) != size {
			return nil, refuse(Malformed, "body of %d bytes says it has %d", len(m.GetBody()), size)
		}
		return m.GetBody(), nil
	case forestockv1.Encoding_ENCODING_ZSTD:
	default:
		return nil, refuse(Malformed, "encoding %d", m.GetEncoding())
	}
	if err := checkHeader(m.GetBody(), size); err != nil {
		return nil, err
	}
	out, err := c.dec.DecodeAll(m.GetBody(), make([]byte, 0, size))
	if err != nil || len(out) != size {
		return nil, refuse(Bomb, "says it unpacks to %d bytes, gives %d: %w", size, len(out), cause(err))
	}
	return out, nil
}

// checkHeader holds the header of a zstd frame against what the frame around
// it says.
func checkHeader(packed []byte, size int) error {
	var h zstd.Header
	if err := h.Decode(packed); err != nil {
		return refuse(Malformed, "zstd header: %w", err)
	}
	if h.Skippable || h.DictionaryID != 0 {
		return refuse(Malformed, "zstd frame: skippable, or needs a dictionary")
	}
	if !h.HasFCS || h.FrameContentSize != uint64(size) {
		return refuse(Bomb, "zstd header says %d bytes, frame says %d", h.FrameContentSize, size)
	}
	return nil
}

// cause gives a non-nil error for the formatting of a refusal.
func cause(err error) error {
	if err == nil {
		return fmt.Errorf("%w length", stock.ErrInvalid)
	}
	return err
}

func unmarshal(b []byte, m proto.Message) error {
	return proto.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(b, m)
}
