// Package dialogue keeps what was said on a serial line as a text file, and plays the device's part of it again.
//
// A file is for people first: one line an utterance, bytes in Go quotes, so that a recording from a shop can be read, cut
// down, commented and put into a test. Play answers as the device did: what the host says is waited for, what the device
// says is sent, in order and with its pauses.
//
//	dialogue 1
//	# Aclas OS2 at the packing table
//	0.000 = ready
//	0.010 > "\x05"
//	0.031 < "\x06"
package dialogue

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Kind is who speaks.
type Kind byte

// The kinds of line.
const (
	FromDevice Kind = '<'
	ToDevice   Kind = '>'
	State      Kind = '=' // the connection changed; Text says to what
)

// Line is one utterance.
type Line struct {
	At    time.Duration // since the beginning
	Kind  Kind
	Bytes []byte
	Text  string // of State
}

const (
	header  = "dialogue 1"
	maxLine = 1 << 20
)

// String writes the line as it stands in a file, without the end of line.
func (l Line) String() string {
	text := l.Text
	if l.Kind != State {
		text = strconv.QuoteToASCII(string(l.Bytes))
		if !strings.Contains(text, `\u`) && !strings.Contains(text, `\U`) {
			return fmt.Sprintf("%.3f %c %s", l.At.Seconds(), l.Kind, text)
		}
		text = quoteBytes(l.Bytes)
	}
	return fmt.Sprintf("%.3f %c %s", l.At.Seconds(), l.Kind, text)
}

// quoteBytes quotes bytes that happen to be UTF-8 as bytes.
func quoteBytes(b []byte) string {
	var s strings.Builder
	s.WriteByte('"')
	for _, c := range b {
		switch {
		case c == '"' || c == '\\':
			s.WriteByte('\\')
			s.WriteByte(c)
		case c >= ' ' && c <= '~':
			s.WriteByte(c)
		default:
			fmt.Fprintf(&s, `\x%02x`, c)
		}
	}
	s.WriteByte('"')
	return s.String()
}

// Read reads a file. Errors name the line.
func Read(r io.Reader) ([]Line, error) {
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, maxLine)
	var all []Line
	n := 0
	for scan.Scan() {
		n++
		text := strings.TrimSpace(scan.Text())
		switch {
		case n == 1 && text != header:
			return nil, fmt.Errorf("line 1: want %q: this is no dialogue", header)
		case n == 1, text == "", text[0] == '#':
			continue
		}
		l, err := parseLine(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if len(all) > 0 && l.At < all[len(all)-1].At {
			return nil, fmt.Errorf("line %d: time runs backwards", n)
		}
		all = append(all, l)
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	if n == 0 {
		return nil, errors.New("empty file: this is no dialogue")
	}
	return all, nil
}

func parseLine(text string) (Line, error) {
	at, rest, _ := strings.Cut(text, " ")
	kind, what, ok := strings.Cut(rest, " ")
	seconds, err := time.ParseDuration(at + "s")
	if err != nil || seconds < 0 || !ok || len(kind) != 1 {
		return Line{}, fmt.Errorf("%q: want seconds, one of < > =, and what was said", text)
	}
	l := Line{At: seconds, Kind: Kind(kind[0])}
	switch l.Kind {
	case State:
		l.Text = what
		return l, nil
	case FromDevice, ToDevice:
		said, err := strconv.Unquote(what)
		if err != nil {
			return Line{}, fmt.Errorf("%s: want bytes in double quotes", what)
		}
		l.Bytes = []byte(said)
		return l, nil
	}
	return Line{}, fmt.Errorf("%q: want one of < > =", kind)
}

// Writer writes a file line by line. It is for one goroutine.
type Writer struct {
	w     io.Writer
	start time.Time
}

// NewWriter begins a file with a comment; times count from start.
func NewWriter(w io.Writer, comment string, start time.Time) (*Writer, error) {
	_, err := fmt.Fprintf(w, "%s\n# %s\n", header, strings.ReplaceAll(comment, "\n", " "))
	return &Writer{w, start}, err
}

// Write adds a line that was said at a time.
func (w *Writer) Write(at time.Time, kind Kind, b []byte, text string) error {
	l := Line{At: max(0, at.Sub(w.start)), Kind: kind, Bytes: b, Text: text}
	_, err := fmt.Fprintln(w.w, l)
	return err
}
