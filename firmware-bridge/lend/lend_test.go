package lend

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func key(t *testing.T) Key {
	t.Helper()
	k, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// lenderSide is a lender written by hand over one end of a pipe.
type lenderSide struct {
	t    *testing.T
	conn *tls.Conn
}

// meet joins a borrower and a lender; the lender greets as told.
func meet(t *testing.T, ours, theirs Key, greet func(lenderSide)) (*Line, error) {
	t.Helper()
	near, far := net.Pipe()
	config, err := theirs.LenderTLS()
	if err != nil {
		t.Fatal(err)
	}
	go greet(lenderSide{t, tls.Server(far, config)})
	t.Cleanup(func() { near.Close(); far.Close() })
	return BorrowOver(t.Context(), near, "scale-1", ours)
}

func (l lenderSide) say(frames ...Frame) {
	for _, f := range frames {
		if err := Write(l.conn, f); err != nil {
			return // the borrower has gone, which its test sees
		}
	}
}

func (l lenderSide) welcome(epoch uint64) {
	if f, err := Read(l.conn); err != nil || string(f.Payload) != "scale-1" {
		return
	}
	l.say(
		Frame{Kind: Welcome, Payload: binary.BigEndian.AppendUint64(nil, epoch)},
		Frame{Kind: Status, Seq: 1, Payload: []byte(`{"state":"ready","node":"/dev/ttyUSB0"}`)},
	)
}

func TestBorrow_TakesOnlyWhoKnowsTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, other := key(t), key(t)
		line, err := meet(t, ours, ours, func(l lenderSide) { l.welcome(7) })
		if err != nil || line.State().Node != "/dev/ttyUSB0" {
			t.Fatalf("with the right key: %v", err)
		}
		line.Close()
		if _, err := meet(t, ours, other, func(l lenderSide) { l.welcome(7) }); !errors.Is(err, ErrKey) {
			t.Errorf("a lender with another key: %v", err)
		}
		// A borrower whose key is another one does not get in even if it does not care who lends.
		near, far := net.Pipe()
		refused := make(chan error, 1)
		config, err := ours.LenderTLS()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, err := Read(tls.Server(far, config))
			refused <- err
			far.Close()
		}()
		careless, err := other.BorrowerTLS()
		if err != nil {
			t.Fatal(err)
		}
		careless.VerifyConnection = nil
		go func() { tls.Client(near, careless).Read(make([]byte, 1)) }()
		if err := <-refused; !errors.Is(err, ErrKey) {
			t.Errorf("a borrower with another key: %v", err)
		}
		near.Close()
	})
}

func TestNext_CallsASilentLinkLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := key(t)
		line, err := meet(t, k, k, func(l lenderSide) {
			l.welcome(7)
			for range 5 {
				time.Sleep(BeatEvery)
				l.say(Frame{Kind: Beat})
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = line.Next(&Seen{})
		if took := time.Since(start); !errors.Is(err, ErrLost) || took != 5*BeatEvery+Silence {
			t.Errorf("lost after %v: %v, want %v after the last beat", took, err, Silence)
		}
		if Silence >= 2*time.Second {
			t.Errorf("a lost link must be known within 2 s, not %v", Silence)
		}
	})
}

func TestNext_GivesNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, seen := key(t), Seen{}
		chunk := func(seq uint64, s string) Frame { return Frame{Kind: Chunk, Seq: seq, Payload: []byte(s)} }
		hear := func(epoch uint64, frames ...Frame) string {
			line, err := meet(t, k, k, func(l lenderSide) {
				l.welcome(epoch)
				l.say(frames...)
				l.conn.Close()
			})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for {
				f, err := line.Next(&seen)
				if err != nil {
					return strings.Join(got, " ")
				}
				got = append(got, string(f.Payload))
			}
		}
		if got := hear(7, chunk(2, "a"), chunk(3, "b"), chunk(3, "b"), chunk(2, "a")); got != "a b" {
			t.Errorf("repeated on one connection: %s", got)
		}
		if got := hear(7, chunk(2, "a"), chunk(3, "b"), chunk(4, "c")); got != "c" {
			t.Errorf("repeated after a reconnection: %s", got)
		}
		if got := hear(8, chunk(2, "x")); got != "x" {
			t.Errorf("another run of the lender: %s", got)
		}
	})
}

func TestFlush_DropsWhatComesBeforeItsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := key(t)
		line, err := meet(t, k, k, func(l lenderSide) {
			l.welcome(7)
			f, err := Read(l.conn)
			if err != nil || f.Kind != Flush {
				return
			}
			l.say(
				Frame{Kind: Chunk, Seq: 2, Payload: []byte("old")}, Frame{Kind: Done, Seq: f.Seq},
				Frame{Kind: Chunk, Seq: 3, Payload: []byte("new")},
			)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := line.Flush(); err != nil {
			t.Fatal(err)
		}
		if f, err := line.Next(&Seen{}); err != nil || string(f.Payload) != "new" {
			t.Errorf("got %q, %v", f.Payload, err)
		}
	})
}

func TestSend_TellsWhatTheLenderSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := key(t)
		line, err := meet(t, k, k, func(l lenderSide) {
			l.welcome(7)
			for _, answer := range []string{"", "device is not open"} {
				f, err := Read(l.conn)
				if err != nil {
					return
				}
				l.say(Frame{Kind: Done, Seq: f.Seq, Payload: []byte(answer)})
			}
			Read(l.conn) // and no answer
		})
		if err != nil {
			t.Fatal(err)
		}
		go line.Next(&Seen{})
		soon := time.Now().Add(time.Second)
		if err := line.Send([]byte("W\r"), soon); err != nil {
			t.Error(err)
		}
		if err := line.Send([]byte("W\r"), soon); err == nil || err.Error() != "device is not open" {
			t.Errorf("refused: %v", err)
		}
		if err := line.Send([]byte("W\r"), soon); !errors.Is(err, ErrLost) {
			t.Errorf("no answer: %v", err)
		}
	})
}

func TestBorrow_SaysWhyThereIsNoDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := key(t)
		_, err := meet(t, k, k, func(l lenderSide) {
			Read(l.conn)
			l.say(Frame{Kind: Welcome, Payload: make([]byte, 8)}, Frame{Kind: Status, Payload: []byte(`{"state":"busy","why":"x"}`)})
		})
		if closed, ok := errors.AsType[*NotOpenError](err); !ok || closed.State.State != "busy" {
			t.Errorf("busy: %v", err)
		}
		for name, frames := range map[string][]Frame{
			"no welcome": {{Kind: Beat}},
			"no state":   {{Kind: Welcome, Payload: make([]byte, 8)}, {Kind: Beat}},
			"no JSON":    {{Kind: Welcome, Payload: make([]byte, 8)}, {Kind: Status, Payload: []byte("{")}},
		} {
			if _, err := meet(t, k, k, func(l lenderSide) { Read(l.conn); l.say(frames...) }); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
}

func TestParseKey_TakesOnlyWhatNewKeyMakes(t *testing.T) {
	k := key(t)
	if again, err := ParseKey(" " + k.String() + "\n"); err != nil || again != k {
		t.Errorf("%v, %v", again, err)
	}
	for _, s := range []string{"", "secret", k.String()[1:], k.String() + "00", strings.Repeat("g", 64)} {
		if _, err := ParseKey(s); err == nil {
			t.Errorf("key %q was taken", s)
		}
	}
}

// FuzzRead proves for any bytes: no panic, no frame larger than allowed, and what was read can be written and read again.
func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	Write(&b, Frame{Kind: Chunk, Seq: 9, Age: time.Millisecond, Lost: 1, Bad: 2, Payload: []byte("ST,GS")})
	f.Add(b.Bytes())
	f.Add([]byte{0xFF, 0xFF, 0xFF, 0xFF, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		frame, err := Read(bytes.NewReader(in))
		if err != nil {
			return
		}
		if len(frame.Payload) > MaxPayload {
			t.Fatalf("payload of %d bytes", len(frame.Payload))
		}
		var b bytes.Buffer
		if err := Write(&b, frame); err != nil {
			t.Fatal(err)
		}
		if again, err := Read(&b); err != nil || cmp.Diff(frame, again) != "" {
			t.Fatalf("%+v became %+v, %v", frame, again, err)
		}
	})
}
