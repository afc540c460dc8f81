package printer

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"image"
	"strconv"
	"strings"
)

// zpl is Zebra's language and that of many others. Zebra Programming Guide: ^GF,
// ^PQ, ~HS.
type zpl struct{}

func (zpl) ask() []byte { return []byte("~HS\r\n") }

// label sends the whole picture as one graphic field.
func (zpl) label(picture image.Image, _, copies int) []byte {
	lines, width := rows(picture)
	across := (width + 7) / 8
	var b bytes.Buffer
	fmt.Fprintf(&b, "^XA\r\n^PW%d\r\n^LL%d\r\n^LH0,0\r\n^FO0,0^GFA,%d,%d,%d,", width, len(lines), across*len(lines), across*len(lines), across)
	var last string
	for _, line := range lines {
		digits := strings.ToUpper(hex.EncodeToString(line))
		if digits == last {
			b.WriteByte(':') // the line before once more
			continue
		}
		squeeze(&b, digits)
		last = digits
	}
	fmt.Fprintf(&b, "^FS\r\n^PQ%d\r\n^XZ\r\n", copies)
	return b.Bytes()
}

// squeeze writes a line of hexadecimal digits with repeats in short: zeros up to
// its end as a comma, Fs as an exclamation mark, and n times a digit as n in
// letters before it, G to Y for 1 to 19 and g to z for 20 to 400.
func squeeze(b *bytes.Buffer, digits string) {
	for digits != "" {
		d := digits[0]
		n := 1
		for n < len(digits) && digits[n] == d {
			n++
		}
		rest := digits[n:]
		switch {
		case rest == "" && d == '0':
			b.WriteByte(',')
		case rest == "" && d == 'F':
			b.WriteByte('!')
		default:
			count(b, n)
			b.WriteByte(d)
		}
		digits = rest
	}
}

func count(b *bytes.Buffer, n int) {
	if n == 1 {
		return
	}
	for ; n >= 400; n -= 400 {
		b.WriteByte('z')
	}
	if n >= 20 {
		b.WriteByte(byte('g' + n/20 - 1))
	}
	if n %= 20; n > 0 {
		b.WriteByte(byte('G' + n - 1))
	}
}

const (
	stx = 0x02
	etx = 0x03
)

// answer reads the three lines of ~HS, each between STX and ETX.
func (zpl) answer(b []byte) (r report, ok bool) {
	var lines [3][]string
	for i := range lines {
		from := bytes.IndexByte(b, stx)
		if from < 0 {
			return r, false
		}
		to := bytes.IndexByte(b[from:], etx)
		if to < 0 {
			return r, false
		}
		lines[i] = strings.Split(string(b[from+1:from+to]), ",")
		b = b[from+to+1:]
	}
	if len(lines[0]) < 12 || len(lines[1]) < 9 {
		return report{word: Garbled}, true
	}
	set := func(line, field int) bool { return strings.TrimLeft(lines[line][field], "0 ") != "" }
	r.word = Ready
	switch {
	case set(1, 2):
		r.word = HeadOpen
	case set(0, 1):
		r.word = PaperOut
	case set(1, 3):
		r.word = RibbonOut
	case set(0, 9), set(0, 10), set(0, 11):
		r.word = Fault // its memory was lost, or the head is too cold or too hot
	case set(0, 2):
		r.word = Paused
	}
	waiting, err := strconv.Atoi(strings.TrimSpace(lines[0][4])) // labels in its memory
	r.idle = err == nil && waiting == 0 && !set(1, 8) && !set(0, 7)
	if r.word == Ready && !r.idle {
		r.word = Printing
	}
	return r, true
}
