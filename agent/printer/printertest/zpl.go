package printertest

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

func (p *Printer) takeZPL(b []byte) (used int, answer []byte) {
	switch {
	case bytes.HasPrefix(b, []byte("~HS")):
		if p.condition.Mute {
			return 3, nil
		}
		return 3, p.hostStatus()
	case bytes.HasPrefix(b, []byte("^XA")):
		end := bytes.Index(b, []byte("^XZ"))
		if end < 0 {
			return 0, nil
		}
		p.got(format(string(b[:end])))
		return end + 3, nil
	case len(b) >= 3 || len(b) > 0 && b[0] != '~' && b[0] != '^':
		return 1, nil // a line's end, or noise
	}
	return 0, nil
}

// hostStatus is the answer to ~HS as the guide draws it:
// aaa,b,c,dddd,eee,f,g,h,iii,j,k,l / mmm,n,o,p,q,r,s,t,uuuuuuuu,v,www / xxxx,y.
func (p *Printer) hostStatus() []byte {
	flag := func(on bool) int {
		if on {
			return 1
		}
		return 0
	}
	c := p.condition
	first := fmt.Sprintf("030,%d,%d,0320,%03d,0,0,0,000,0,0,%d", flag(c.PaperOut), flag(c.Paused || c.PaperOut || c.HeadOpen), len(p.held), flag(c.Hot))
	second := fmt.Sprintf("000,0,%d,0,0,2,6,0,%08d,1,000", flag(c.HeadOpen), len(p.held))
	var b bytes.Buffer
	for _, line := range []string{first, second, "0000,0"} {
		b.WriteString("\x02" + line + "\x03\r\n")
	}
	return b.Bytes()
}

// format reads what stands between ^XA and ^XZ.
func format(text string) (Label, error) {
	l := Label{Copies: 1}
	var w, h int
	for _, command := range strings.Split(text, "^")[1:] {
		command = strings.TrimSpace(command)
		name, rest := command[:2], command[2:]
		var err error
		switch name {
		case "PW":
			w, err = strconv.Atoi(rest)
		case "LL":
			h, err = strconv.Atoi(rest)
		case "PQ":
			l.Copies, err = strconv.Atoi(rest)
		case "GF":
			l.Picture = paper(w, h)
			err = l.graphic(rest)
		case "XA", "LH", "FO", "FS":
		default:
			err = errors.New("unknown command")
		}
		if err != nil {
			return l, fmt.Errorf("^%s: %w", command[:min(len(command), 40)], err)
		}
	}
	if l.Picture == nil {
		return l, errors.New("an empty label")
	}
	return l, nil
}

// graphic reads A,bytes,bytes,bytes of a row,data in the alternative data
// compression of the guide.
func (l *Label) graphic(text string) error {
	fields := strings.SplitN(text, ",", 5)
	if len(fields) != 5 || fields[0] != "A" {
		return errors.New("not in hexadecimal digits")
	}
	total, err := strconv.Atoi(fields[2])
	if err != nil {
		return err
	}
	across, err := strconv.Atoi(fields[3])
	if err != nil {
		return err
	}
	var rows []string
	row, times := "", 0
	for _, c := range fields[4] {
		switch {
		case c == ',':
			row += strings.Repeat("0", 2*across-len(row))
		case c == '!':
			row += strings.Repeat("F", 2*across-len(row))
		case c == ':' && len(rows) > 0:
			rows = append(rows, rows[len(rows)-1])
			continue
		case c >= 'G' && c <= 'Y':
			times += int(c-'G') + 1
			continue
		case c >= 'g' && c <= 'z':
			times += 20 * (int(c-'g') + 1)
			continue
		case strings.ContainsRune("0123456789ABCDEF", c):
			row += strings.Repeat(string(c), max(times, 1))
		default:
			return fmt.Errorf("%q in the data", c)
		}
		times = 0
		if len(row) == 2*across {
			rows, row = append(rows, row), ""
		}
	}
	if len(rows)*across != total || row != "" {
		return fmt.Errorf("%d rows of %d bytes, announced %d bytes", len(rows), across, total)
	}
	for y, row := range rows {
		for i, digit := range row {
			bits, err := strconv.ParseUint(string(digit), 16, 4)
			if err != nil {
				return err
			}
			for k := range 4 {
				x := 4*i + k
				if bits&(8>>k) != 0 && x < l.Picture.Rect.Dx() && y < l.Picture.Rect.Dy() {
					l.Picture.Pix[l.Picture.PixOffset(x, y)] = 0
				}
			}
		}
	}
	return nil
}
