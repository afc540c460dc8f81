package fleet

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// echo answers every line with itself.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(c, c); c.Close() }()
		}
	}()
	return listener.Addr().String()
}

func openLine(t *testing.T) *Line {
	t.Helper()
	line, err := NewLine(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- line.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return line
}

// ask says hello and gives what comes back within the time.
func ask(t *testing.T, c net.Conn, within time.Duration) (string, error) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(within)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(c, "hello\n"); err != nil {
		return "", err
	}
	return bufio.NewReader(c).ReadString('\n')
}

func dial(t *testing.T, l *Line) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestLine_CarriesUntilItIsCutAndAgainWhenMended(t *testing.T) {
	line := openLine(t)
	c := dial(t, line)
	if got, err := ask(t, c, 5*time.Second); err != nil || got != "hello\n" {
		t.Fatalf("whole line answered %q, %v", got, err)
	}
	line.Cut()
	if got, err := ask(t, c, 5*time.Second); err == nil {
		t.Fatalf("cut line answered %q", got)
	}
	if got, err := ask(t, dial(t, line), 5*time.Second); err == nil {
		t.Fatalf("cut line took a new connection and answered %q", got)
	}
	line.Mend()
	if got, err := ask(t, dial(t, line), 5*time.Second); err != nil || got != "hello\n" {
		t.Fatalf("mended line answered %q, %v", got, err)
	}
}

func TestLine_StallsWithoutClosing(t *testing.T) {
	line := openLine(t)
	c := dial(t, line)
	if _, err := ask(t, c, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	line.Stall()
	_, err := ask(t, c, 300*time.Millisecond)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("stalled line gave %v, want silence", err)
	}
	line.Mend()
	if got, err := ask(t, dial(t, line), 5*time.Second); err != nil || got != "hello\n" {
		t.Fatalf("mended line answered %q, %v", got, err)
	}
}
