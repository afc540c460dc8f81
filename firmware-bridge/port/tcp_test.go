package port_test

import (
	"errors"
	"net"
	"testing"

	"github.com/forestock/forestock/firmware-bridge/port"
)

func TestPort_ReadsARawSerialServerAndComesBackWhenItRestarts(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	accept := func() net.Conn {
		conn, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	b := run(t, "tcp://"+listener.Addr().String())
	conn := accept()
	b.await(port.Ready)
	conn.Write([]byte("ST,GS,   0.123kg\r\n"))
	b.want("ST,GS,   0.123kg\r\n")
	if err := b.port.Write(t.Context(), []byte{5}); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 1)
	if _, err := conn.Read(got); err != nil || got[0] != 5 {
		t.Fatalf("server got %x, %v", got, err)
	}
	conn.Close()
	b.await(port.Unplugged)
	conn = accept()
	b.await(port.Ready)
	conn.Write([]byte("old"))
	b.want("old")
	conn.Write([]byte("older"))
	if err := b.port.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.stop(); err != nil {
		t.Fatal(err)
	}
	if err := b.port.Write(t.Context(), []byte{5}); !errors.Is(err, port.ErrNotOpen) {
		t.Errorf("write after the end: %v", err)
	}
}
