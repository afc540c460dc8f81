package dialogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrOther is returned by Play when the host says something else than was recorded.
var ErrOther = errors.New("the host says something else than was recorded")

// Play is the device of a recording. It writes to line what the device said, and waits for what the host said. speed
// multiplies the pace; 0 means without pauses. The caller ends reads of line that are in progress when Play returns.
func Play(ctx context.Context, lines []Line, line io.ReadWriter, speed float64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	heard := make(chan []byte)
	go listen(ctx, line, heard) // ends with ctx, or when the caller ends its read
	var before time.Duration
	for i, l := range lines {
		var err error
		switch l.Kind {
		case ToDevice:
			err = expect(ctx, heard, l.Bytes)
		case FromDevice:
			if err = pause(ctx, l.At-before, speed); err == nil {
				_, err = line.Write(l.Bytes)
			}
		case State:
		}
		if err != nil {
			return fmt.Errorf("line %d (%s): %w", i+1, l, err)
		}
		before = l.At
	}
	return nil
}

func listen(ctx context.Context, r io.Reader, heard chan<- []byte) {
	defer close(heard)
	for {
		buf := make([]byte, 256)
		n, err := r.Read(buf)
		if err != nil {
			return
		}
		select {
		case heard <- buf[:n]:
		case <-ctx.Done():
			return
		}
	}
}

// expect waits for bytes of the host.
func expect(ctx context.Context, heard <-chan []byte, want []byte) error {
	var got []byte
	for len(got) < len(want) {
		select {
		case b, ok := <-heard:
			if !ok {
				return io.ErrUnexpectedEOF
			}
			got = append(got, b...)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if string(got) != string(want) {
		return fmt.Errorf("%w: %q", ErrOther, got)
	}
	return nil
}

func pause(ctx context.Context, long time.Duration, speed float64) error {
	if speed <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(time.Duration(float64(long) / speed))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
