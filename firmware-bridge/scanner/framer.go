package scanner

import (
	"bytes"
	"slices"
	"time"
)

const (
	maxScan   = 4096 // the longest code; the largest symbols hold about 4,000 characters
	maxSuffix = 16
)

// Framer cuts one scanner's bytes into scans. It is for one goroutine.
type Framer struct {
	cfg      Config
	suffixes [][]byte // longest first
	learned  bool     // the scanner sends a suffix, so a pause does not end a code

	ssi packets // with Config.SSI

	buf  []byte
	over bool      // buf was too long; everything up to the next end belongs to it
	last time.Time // when the newest byte arrived

	previous   string // AIM and data of the last code
	previousAt time.Time
	repeats    int
}

// New returns a framer for one scanner.
func New(cfg Config) (*Framer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	list := cfg.Suffixes
	if list == nil {
		list = []string{"\r", "\n", "\t", "\x03"} // CR LF ends at its CR, and the LF alone is nothing
	}
	f := &Framer{cfg: cfg, learned: len(cfg.Suffixes) > 0}
	for _, s := range list {
		f.suffixes = append(f.suffixes, []byte(s))
	}
	slices.SortStableFunc(f.suffixes, func(a, b []byte) int { return len(b) - len(a) })
	return f, nil
}

// Feed takes bytes that arrived at one time and returns the scans they complete.
func (f *Framer) Feed(b []byte, at time.Time) []Scan {
	scans := f.Gap(at)
	for _, c := range b {
		f.last = at
		if f.cfg.SSI {
			if s, ok := f.ssi.feed(c, at); ok {
				scans = append(scans, f.double(s))
			}
			continue
		}
		if len(f.buf) == maxScan {
			f.over = true
			f.buf = append(f.buf[:0], f.buf[maxScan-maxSuffix:]...) // the end of it, to recognise a suffix
		}
		f.buf = append(f.buf, c)
		if n := f.ends(); n > 0 {
			f.learned = true
			scans = f.finish(scans, n)
		}
	}
	return scans
}

// Gap ends a code, or gives a fragment up, when the line has been quiet for Config.Gap. Feed does it too; call it at
// Deadline so that a code without a suffix does not wait for the next one.
func (f *Framer) Gap(at time.Time) []Scan {
	if d := f.Deadline(); d.IsZero() || at.Before(d) {
		return nil
	}
	if f.cfg.SSI {
		s, _ := f.ssi.refuse(0, f.last)
		return []Scan{s}
	}
	if f.learned {
		return f.give(nil)
	}
	return f.finish(nil, 0)
}

// Deadline returns when Gap is due, or the zero time when it is not.
func (f *Framer) Deadline() time.Time {
	if len(f.buf)+len(f.ssi.buf) == 0 || f.cfg.Gap == 0 {
		return time.Time{}
	}
	return f.last.Add(f.cfg.Gap)
}

// Reset forgets a code that has begun. Call it when the port was reopened or bytes were lost.
func (f *Framer) Reset() {
	f.buf, f.over = nil, false
	f.ssi.reset()
}

// Answer returns what must be written to the scanner now; empty for scanners that expect nothing.
func (f *Framer) Answer() []byte {
	b := f.ssi.answers
	f.ssi.answers = nil
	return b
}

// ends returns the length of the suffix that buf ends with, or 0.
func (f *Framer) ends() int {
	for _, s := range f.suffixes {
		if bytes.HasSuffix(f.buf, s) {
			return len(s)
		}
	}
	return 0
}

// give reports what is buffered as broken.
func (f *Framer) give(scans []Scan) []Scan {
	s := Scan{Kind: Broken, Raw: f.buf, At: f.last}
	f.Reset()
	return append(scans, s)
}

// finish reports what is buffered, of which the last bytes are the suffix.
func (f *Framer) finish(scans []Scan, suffix int) []Scan {
	data := f.buf[:len(f.buf)-suffix]
	if len(data) == 0 {
		f.Reset()
		return scans // the LF of a CR LF, or a key pressed on an idle scanner
	}
	trimmed, found := bytes.CutPrefix(data, []byte(f.cfg.Prefix))
	if f.over || !found {
		return f.give(scans)
	}
	trimmed = bytes.TrimPrefix(trimmed, []byte{0x02})
	if len(trimmed) == 0 {
		return f.give(scans)
	}
	s := Scan{Kind: Code, Raw: f.buf, At: f.last}
	s.AIM, s.Data = splitAIM(trimmed)
	f.Reset()
	if f.cfg.NoRead != "" && string(s.Data) == f.cfg.NoRead {
		s.Kind, s.Data = NoRead, nil
		return append(scans, s)
	}
	return append(scans, f.double(s))
}

// double marks a code that was read a moment ago. Each repetition extends the time: a scanner left on a code sends it for
// as long as it sees it.
func (f *Framer) double(s Scan) Scan {
	if s.Kind != Code {
		return s
	}
	key := s.AIM + string(s.Data)
	if f.cfg.Repeat > 0 && key == f.previous && s.At.Sub(f.previousAt) < f.cfg.Repeat {
		f.repeats++
		s.Kind, s.Count = Double, f.repeats
	} else {
		f.repeats = 0
	}
	f.previous, f.previousAt = key, s.At
	return s
}
