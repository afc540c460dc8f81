package line_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forestock/forestock/deploy/sim/chance"
	"github.com/forestock/forestock/deploy/sim/line"
)

// packet makes an MQTT packet of a few bytes.
func packet(n byte) []byte { return append([]byte{0x30, 4}, n, n, n, n) }

// connected gives the two ends of a connection over a line.
func connected(t *testing.T) (l *line.Line, plug *line.Plug, port *line.Port, near, far net.Conn) {
	t.Helper()
	network := line.New(chance.New(1))
	port, l = network.Listen(), network.Line("wh-1", 3)
	plug = l.Plug()
	near, err := plug.Dial(t.Context(), "hub")
	if err != nil {
		t.Fatal(err)
	}
	far, err = port.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return l, plug, port, near, far
}

func write(t *testing.T, c net.Conn, n byte) {
	t.Helper()
	if _, err := c.Write(packet(n)); err != nil {
		t.Fatal(err)
	}
}

// wantRead waits a minute for a packet.
func wantRead(t *testing.T, c net.Conn, n byte) {
	t.Helper()
	got := make([]byte, len(packet(n)))
	if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, packet(n)) {
		t.Fatalf("read %x, %v; want packet %d", got, err, n)
	}
}

// wantError waits a minute for an error.
func wantError(t *testing.T, c net.Conn, want error) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, want) {
		t.Fatalf("read %d bytes, %v; want %v", n, err, want)
	}
}

func TestLine_WhatWaitedWhileItStoodStillArrivesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _, _, near, far := connected(t)
		write(t, near, 1)
		l.Set(line.Stalled)
		for n := byte(2); n < 20; n++ {
			write(t, near, n)
			time.Sleep(10 * time.Millisecond)
		}
		wantError(t, far, os.ErrDeadlineExceeded)
		l.Set(line.Open)
		for n := byte(1); n < 20; n++ {
			wantRead(t, far, n)
		}
	})
}

func TestLine_EndsInItsOwnWay(t *testing.T) {
	tests := []struct {
		name      string
		end       func(*line.Line, *line.Plug, *line.Port, net.Conn)
		near, far error // what each end reads
	}{
		{"cut", func(l *line.Line, _ *line.Plug, _ *line.Port, _ net.Conn) { l.Cut() }, syscall.ECONNRESET, syscall.ECONNRESET},
		{"swallowing", func(l *line.Line, _ *line.Plug, _ *line.Port, _ net.Conn) { l.Swallow() }, os.ErrDeadlineExceeded, os.ErrDeadlineExceeded},
		{"closed", func(_ *line.Line, _ *line.Plug, _ *line.Port, near net.Conn) { near.Close() }, net.ErrClosed, io.EOF},
		{"agent killed", func(_ *line.Line, p *line.Plug, _ *line.Port, _ net.Conn) { p.Pull(false) }, net.ErrClosed, io.EOF},
		{"agent without power", func(_ *line.Line, p *line.Plug, _ *line.Port, _ net.Conn) { p.Pull(true) }, net.ErrClosed, os.ErrDeadlineExceeded},
		{"hub killed", func(_ *line.Line, _ *line.Plug, p *line.Port, _ net.Conn) { p.Pull(false) }, io.EOF, net.ErrClosed},
		{"hub without power", func(_ *line.Line, _ *line.Plug, p *line.Port, _ net.Conn) { p.Pull(true) }, os.ErrDeadlineExceeded, net.ErrClosed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, plug, port, near, far := connected(t)
				write(t, near, 1)
				wantRead(t, far, 1)
				tt.end(l, plug, port, near)
				wantError(t, near, tt.near)
				wantError(t, far, tt.far)
			})
		})
	}
}

// What is written in one moment arrives packet by packet, however it was
// written, each at a moment of this line.
func TestLine_CarriesPacketsAtMomentsOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, _, near, far := connected(t)
		both := append(packet(1), packet(2)...)
		for _, part := range [][]byte{both[:1], both[1:8], both[8:]} {
			if _, err := near.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		wantRead(t, far, 1)
		first := time.Now()
		wantRead(t, far, 2)
		second := time.Now()
		if !second.After(first) || first.UnixNano()%line.Moments != 3 || second.UnixNano()%line.Moments != 3 {
			t.Errorf("packets at %d and %d", first.UnixNano(), second.UnixNano())
		}
	})
}

func TestPlug_NothingLeavesOnceItIsPulled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, plug, _, near, _ := connected(t)
		plug.Pull(true)
		if _, err := near.Write(packet(1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("write: %v", err)
		}
		if _, err := plug.Dial(t.Context(), "hub"); err == nil {
			t.Error("dialled")
		}
	})
}
