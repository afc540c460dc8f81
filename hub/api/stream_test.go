package api

import (
	"bufio"
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are pipes.
type pipes struct{ conns chan net.Conn }

func (p *pipes) Accept() (net.Conn, error) {
	conn, ok := <-p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p *pipes) Close() error   { return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// overPipe asks the API for a watch over a pipe, on which a write waits until
// somebody reads.
func overPipe(t *testing.T, w *world) (client net.Conn, end func()) {
	t.Helper()
	listener := &pipes{conns: make(chan net.Conn, 1)}
	served := make(chan error, 1)
	go func() { served <- w.server.http.Serve(listener) }()
	client, server := net.Pipe()
	listener.conns <- server
	if _, err := client.Write([]byte("GET /v1/availability:watch HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	return client, func() {
		_ = client.Close()
		close(listener.conns)
		if err := w.server.http.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		<-served
	}
}

func streams(w *world) int64 { return w.server.gate.streams.used.Load() }

func TestStream_LastsAsLongAsItIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newQuietWorld(t, func(s Stock) Stock { return s })
		shop(w)
		client, end := overPipe(t, w)
		defer end()
		begun := time.Now()
		bookmarks := 0
		for lines := bufio.NewScanner(client); time.Since(begun) < time.Hour && lines.Scan(); {
			if strings.Contains(lines.Text(), "event: bookmark") {
				bookmarks++
			}
		}
		// One at the beginning and one every ten seconds.
		if lasted := time.Since(begun); lasted < time.Hour || bookmarks < 360 {
			t.Errorf("it lasted %v with %d bookmarks, want an hour with 360", lasted, bookmarks)
		}
	})
}

func TestStream_OfAReaderThatStoppedIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newQuietWorld(t, func(s Stock) Stock { return s })
		shop(w)
		client, end := overPipe(t, w)
		defer end()
		if _, err := client.Read(make([]byte, 16)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := streams(w); got != 1 {
			t.Fatalf("%d streams run, want the one", got)
		}
		begun := time.Now()
		for streams(w) > 0 && time.Since(begun) < time.Hour {
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if lasted := time.Since(begun); lasted > 2*patience {
			t.Errorf("it was held for %v", lasted)
		}
	})
}
