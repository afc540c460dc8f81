package broker_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/forestock/forestock/hub/broker"
)

// Packets are written by hand here: no library would send them.

func str(s string) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...) }

func packet(header byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append([]byte{header}, length(len(body))...), body...)
}

// length is MQTT 3.1.1, section 2.2.3.
func length(n int) []byte {
	var out []byte
	for {
		d := byte(n & 127)
		if n >>= 7; n == 0 {
			return append(out, d)
		}
		out = append(out, d|128)
	}
}

// greeting is a CONNECT packet.
type greeting struct {
	version   byte
	dirty     bool
	keepAlive uint16
	id        string
	will      string
	payload   string
}

func hi(id string) greeting { return greeting{version: 4, keepAlive: 30, id: id} }

func (g greeting) bytes() []byte {
	flags := byte(2)
	if g.dirty {
		flags = 0
	}
	var will []byte
	if g.will != "" {
		flags |= 4
		will = append(str(g.will), str(g.payload)...)
		if g.version == 5 {
			will = append([]byte{0}, will...)
		}
	}
	name := "MQTT"
	if g.version == 3 {
		name = "MQIsdp"
	}
	head := append(str(name), g.version, flags)
	head = binary.BigEndian.AppendUint16(head, g.keepAlive)
	if g.version == 5 {
		head = append(head, 0)
	}
	return packet(0x10, head, str(g.id), will)
}

func subscribe(filters ...string) []byte {
	body := []byte{0, 1}
	for _, f := range filters {
		body = append(append(body, str(f)...), 0)
	}
	return packet(0x82, body)
}

func publish(name string, payload []byte) []byte { return packet(0x30, str(name), payload) }

// raw is a client that says what the test says.
type raw struct {
	net.Conn
	t *testing.T
}

func dialRaw(t *testing.T, b *broker.Embedded) *raw {
	t.Helper()
	c, err := dialTCP(t, b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &raw{c, t}
}

func (r *raw) say(b []byte) {
	r.t.Helper()
	if _, err := r.Write(b); err != nil {
		r.t.Fatalf("write: %v", err)
	}
}

// hear reads one packet; nil when the connection ends.
func (r *raw) hear() []byte {
	r.t.Helper()
	r.SetReadDeadline(time.Now().Add(20 * time.Second))
	head := make([]byte, 2)
	if _, err := io.ReadFull(r, head); err != nil {
		var ne net.Error
		if errors.As(err, &ne) && ne.Timeout() {
			r.t.Fatal("the broker neither answers nor hangs up")
		}
		return nil
	}
	body := make([]byte, head[1])
	if _, err := io.ReadFull(r, body); err != nil {
		return nil
	}
	return append(head, body...)
}

// ends reports that the broker hangs up, whatever it says before.
func (r *raw) ends() bool {
	r.t.Helper()
	for range 10 {
		if r.hear() == nil {
			return true
		}
	}
	return false
}
