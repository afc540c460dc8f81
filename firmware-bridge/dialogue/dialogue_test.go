package dialogue

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestRead_ReadsBackWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		start := time.Unix(1000, 0)
		w, err := NewWriter(&b, "two\nlines", start)
		if err != nil {
			t.Fatal(err)
		}
		var want []Line
		at := time.Duration(0)
		for range rapid.IntRange(0, 5).Draw(t, "lines") {
			at += time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms")) * time.Millisecond
			l := Line{At: at, Kind: rapid.SampledFrom([]Kind{FromDevice, ToDevice, State}).Draw(t, "kind")}
			if l.Kind == State {
				l.Text = "ready"
			} else {
				l.Bytes = rapid.SliceOfN(rapid.Byte(), 1, 30).Draw(t, "bytes")
			}
			want = append(want, l)
			if err := w.Write(start.Add(at), l.Kind, l.Bytes, l.Text); err != nil {
				t.Fatal(err)
			}
		}
		got, err := Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestRead_SaysWhereAFileIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                          "empty",
		"hello\n":                                   "line 1",
		"dialogue 1\n\n# x\n0.1 < x\n":              "line 4",
		"dialogue 1\n0.1 ? \"x\"\n":                 "line 2",
		"dialogue 1\nsoon < \"x\"\n":                "line 2",
		"dialogue 1\n-1 < \"x\"\n":                  "line 2",
		"dialogue 1\n0.2 < \"x\"\n0.1 < \"x\"\n":    "backwards",
		"dialogue 1\n0.1 <\n":                       "line 2",
		"dialogue 1\n" + strings.Repeat("x", 2<<20): "line 2",
	} {
		if lines, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, %v, want an error with %q", text, lines, err, want)
		}
	}
}

const polled = `dialogue 1
0.000 = ready
0.010 > "\x05"
0.011 < "\x06"
0.020 > "\x11"
0.021 < "\x01\x02S 00.488kge\x03\x04"
`

func TestPlay_AnswersAsTheDeviceDid(t *testing.T) {
	lines, err := Read(strings.NewReader(polled))
	if err != nil {
		t.Fatal(err)
	}
	host, device := net.Pipe()
	t.Cleanup(func() { host.Close(); device.Close() })
	done := make(chan error, 1)
	go func() { done <- Play(t.Context(), lines, device, 1) }()
	talk := []struct{ say, hear string }{{"\x05", "\x06"}, {"\x11", "\x01\x02S 00.488kge\x03\x04"}}
	for _, turn := range talk {
		if _, err := host.Write([]byte(turn.say)); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(turn.hear))
		if _, err := io.ReadFull(host, got); err != nil || string(got) != turn.hear {
			t.Fatalf("after %q the device says %q, %v", turn.say, got, err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestPlay_NoticesAnotherHost(t *testing.T) {
	lines, err := Read(strings.NewReader(polled))
	if err != nil {
		t.Fatal(err)
	}
	for name, say := range map[string]string{"another request": "W", "nothing": ""} {
		host, device := net.Pipe()
		t.Cleanup(func() { device.Close() })
		done := make(chan error, 1)
		go func() { done <- Play(t.Context(), lines, device, 0) }()
		io.WriteString(host, say)
		if say == "" {
			host.Close()
		}
		if err := <-done; !errors.Is(err, ErrOther) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, err)
		}
		host.Close()
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(polled))
	f.Fuzz(func(t *testing.T, in []byte) {
		lines, err := Read(bytes.NewReader(in))
		if err != nil {
			return
		}
		var b bytes.Buffer
		b.WriteString(header + "\n")
		for _, l := range lines {
			b.WriteString(l.String() + "\n")
		}
		again, err := Read(&b)
		if err != nil || len(again) != len(lines) {
			t.Fatalf("%q is written as %q: %v", in, b.String(), err)
		}
		for i := range again {
			if string(again[i].Bytes) != string(lines[i].Bytes) {
				t.Fatalf("%q became %q", lines[i].Bytes, again[i].Bytes)
			}
		}
	})
}
