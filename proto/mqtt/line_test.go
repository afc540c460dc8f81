package mqtt

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

func TestLine_AWriteThatNobodyTakesEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		l := &line{Conn: near}
		// What the library does around each publish must not lift the deadline.
		if err := errors.Join(l.SetDeadline(time.Time{}), l.SetWriteDeadline(time.Time{})); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		_, err := l.Write([]byte("frame"))
		var ne net.Error
		if !errors.As(err, &ne) || !ne.Timeout() || time.Since(begin) != writeTimeout {
			t.Errorf("write ended with %v after %s, want a timeout after %s", err, time.Since(begin), writeTimeout)
		}
	})
}

func TestLine_ACutIsToldWithItsReason(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	l := &line{Conn: near}
	why := errors.New("enough")
	l.cut(why)
	l.cut(errors.New("again"))
	if _, err := l.Read(make([]byte, 1)); !errors.Is(err, why) {
		t.Errorf("Read: %v, want %v", err, why)
	}
	if _, err := l.Write([]byte("x")); !errors.Is(err, why) {
		t.Errorf("Write: %v, want %v", err, why)
	}
}

func TestLine_ALongPacketIsNeverRead(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	l := &line{Conn: near}
	go far.Write([]byte{0x30, 0xff, 0xff, 0xff, 0x7f})
	if _, err := io.ReadFull(l, make([]byte, 5)); !errors.Is(err, errTooLong) {
		t.Errorf("Read: %v, want %v", err, errTooLong)
	}
}
