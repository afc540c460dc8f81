package lend

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// Kind is what a frame is for.
type Kind byte

// The kinds. Borrow, Send and Flush go to the lender, Welcome, Status, Chunk and Done come from it, Beat goes both ways.
const (
	Borrow  Kind = 'o' // payload: the device's name
	Send    Kind = 'w' // payload: bytes for the device; answered by Done
	Flush   Kind = 'f' // forget what the device said; answered by Done
	Welcome Kind = 'h' // payload: the lender's run, eight bytes
	Status  Kind = 's' // payload: JSON of State
	Chunk   Kind = 'c' // payload: what the device said
	Done    Kind = 'd' // Seq: of the request; payload: what went wrong, or nothing
	Beat    Kind = 'b'
)

// Frame is one message.
type Frame struct {
	Kind    Kind
	Seq     uint64        // of a Chunk or Status in the lender's run; of a request, chosen by the borrower
	Age     time.Duration // of a Chunk: since it arrived, so that the clocks need not agree
	Lost    uint32        // of a Chunk: bytes that were dropped before it
	Bad     uint32        // of a Chunk: bytes whose parity was wrong
	Payload []byte
}

// State is the payload of Status.
type State struct {
	State string `json:"state"` // a port.State
	Node  string `json:"node,omitempty"`
	Why   string `json:"why,omitempty"`
}

const (
	head = 1 + 8 + 4 + 4 + 4 // kind, seq, age in microseconds, lost, bad

	// MaxPayload bounds a frame.
	MaxPayload = 16 << 10

	// BeatEvery is how often each side says that it is there.
	BeatEvery = 400 * time.Millisecond
	// Silence is how long the other side may say nothing before the link counts as lost.
	Silence = 1500 * time.Millisecond
)

// Write sends a frame in one piece.
func Write(w io.Writer, f Frame) error {
	if len(f.Payload) > MaxPayload {
		return fmt.Errorf("frame of %d bytes: want at most %d", len(f.Payload), MaxPayload)
	}
	b := make([]byte, 0, 4+head+len(f.Payload))
	b = binary.BigEndian.AppendUint32(b, uint32(head+len(f.Payload)))
	b = append(b, byte(f.Kind))
	b = binary.BigEndian.AppendUint64(b, f.Seq)
	b = binary.BigEndian.AppendUint32(b, uint32(min(max(0, f.Age.Microseconds()), 1<<32-1)))
	b = binary.BigEndian.AppendUint32(b, f.Lost)
	b = binary.BigEndian.AppendUint32(b, f.Bad)
	_, err := w.Write(append(b, f.Payload...))
	return err
}

// Read reads a frame.
func Read(r io.Reader) (Frame, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return Frame{}, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < head || n > head+MaxPayload {
		return Frame{}, fmt.Errorf("frame of %d bytes: want %d to %d", n, head, head+MaxPayload)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return Frame{}, err
	}
	return Frame{
		Kind:    Kind(b[0]),
		Seq:     binary.BigEndian.Uint64(b[1:]),
		Age:     time.Duration(binary.BigEndian.Uint32(b[9:])) * time.Microsecond,
		Lost:    binary.BigEndian.Uint32(b[13:]),
		Bad:     binary.BigEndian.Uint32(b[17:]),
		Payload: b[head:],
	}, nil
}
