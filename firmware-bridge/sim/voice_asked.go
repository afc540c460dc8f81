package sim

import (
	"fmt"
	"strings"
)

// Scales that answer when asked. Each follows its manual, which package scale names beside the decoder.

func answerSICS(line string, p *pan) string {
	s := p.show()
	weight := func(status string) string {
		switch {
		case s.Over:
			return "S +\r\n"
		case s.Under:
			return "S -\r\n"
		}
		return fmt.Sprintf("S %s %10s kg\r\n", status, kilograms(s.Grams, 0))
	}
	outcome := func(id string, ok bool) string {
		if ok {
			return id + " A\r\n"
		}
		return id + " I\r\n"
	}
	switch line {
	case "S":
		if !s.Stable {
			return "S I\r\n"
		}
		return weight("S")
	case "SI":
		if s.Stable {
			return weight("S")
		}
		return weight("D")
	case "Z":
		return outcome("Z", p.setZero())
	case "T":
		if !p.setTare() {
			return "T I\r\n"
		}
		return fmt.Sprintf("T S %10s kg\r\n", kilograms(s.Grams, 0))
	case "TAC":
		p.clearTare()
		return "TAC A\r\n"
	case "@", "I4":
		return "I4 A \"0123456789\"\r\n"
	}
	return "ES\r\n"
}

// answerToledo plays an 8217: letters without an end.
func answerToledo(buf []byte, p *pan) (int, []byte) {
	switch buf[0] {
	case 'W':
		s := p.show()
		status := byte(0x40)
		switch {
		case s.Over:
			status |= 0x02
		case s.Under || s.Grams < 0:
			status |= 0x04
		case !s.Stable:
			status |= 0x01
		default:
			net := ""
			if s.Net {
				net = "N"
			}
			return 1, []byte("\x02" + strings.ReplaceAll(kilograms(s.Grams, 6), " ", "0") + net + "\r")
		}
		return 1, []byte{0x02, '?', status, '\r'}
	case 'Z':
		p.setZero()
	case 'T':
		p.setTare()
	case 'C':
		p.clearTare()
	}
	return 1, nil
}

// answerNCI plays a scale with SCP-02.
func answerNCI(buf []byte, p *pan) (int, []byte) {
	if len(buf) < 2 {
		return 0, nil
	}
	if buf[1] != '\r' {
		return 1, nil
	}
	first, second := byte(0x30), byte(0x30)
	s := p.show()
	if !s.Stable {
		first |= 1
	}
	if s.Zero {
		first |= 2
	}
	if s.Under {
		second |= 1
	}
	if s.Over {
		second |= 2
	}
	status := "S" + string([]byte{first, second}) + "\r\x03"
	switch {
	case buf[0] == 'Z':
		p.setZero()
		return 2, []byte("\n" + status)
	case buf[0] == 'S', buf[0] == 'W' && (!s.Stable || s.Over || s.Under || s.Grams < 0):
		return 2, []byte("\n" + status)
	case buf[0] == 'W':
		return 2, []byte("\n" + strings.ReplaceAll(kilograms(s.Grams, 6), " ", "0") + "KG\r\n" + status)
	}
	return 2, []byte("\n?\r\x03")
}

func answerOhaus(line string, p *pan) string {
	s := p.show()
	switch line {
	case "IP", "P":
		mark, legend := " ", "G"
		if !s.Stable {
			mark = "?"
		}
		if s.Net {
			legend = "N"
		}
		if s.Over || s.Under {
			return "   Err8.3\r\n"
		}
		return fmt.Sprintf("%12s kg   %s %s\r\n", kilograms(s.Grams, 0), mark, legend)
	case "Z":
		p.setZero()
		return "OK!\r\n"
	case "T":
		p.setTare()
		return "OK!\r\n"
	}
	return "ES\r\n"
}

func answerSMA(buf []byte, p *pan) (int, []byte) {
	switch {
	case buf[0] != '\n':
		return 1, nil
	case len(buf) < 3:
		return 0, nil
	case buf[2] != '\r':
		return 1, nil
	}
	switch buf[1] {
	case 'W':
	case 'Z':
		p.setZero()
	case 'T':
		p.setTare()
	case 'C':
		p.clearTare()
	default:
		return 3, []byte("\n?\r")
	}
	s := p.show()
	state, mode, motion, weight := " ", "G", " ", kilograms(s.Grams, 10)
	if s.Net {
		mode = "N"
	}
	if !s.Stable {
		motion = "M"
	}
	switch {
	case s.Over:
		state, weight = "O", "          "
	case s.Under:
		state, weight = "U", "          "
	case s.Zero:
		state = "Z"
	}
	return 3, []byte("\n" + state + "1" + mode + motion + " " + weight + "kg \r")
}

// answerSBI plays a Sartorius set to 16 characters; requests begin with ESC.
func answerSBI(line string, p *pan) string {
	switch line {
	case "\x1bV":
		p.setZero()
	case "\x1bT":
		p.setTare()
	case "\x1bP":
		s := p.show()
		switch {
		case s.Over:
			return "Stat        H \r\n"
		case s.Under:
			return "Stat        L \r\n"
		}
		sign, unit := "+", "kg "
		if s.Grams < 0 {
			sign = "-"
		}
		if !s.Stable {
			unit = "   "
		}
		return sign + " " + kilograms(max(s.Grams, -s.Grams), 8) + " " + unit + "\r\n"
	}
	return ""
}

// answerYaohua plays an indicator at address 1.
func answerYaohua(buf []byte, p *pan) (int, []byte) {
	switch {
	case buf[0] != 0x02:
		return 1, nil
	case len(buf) < 6:
		return 0, nil
	case buf[1] != 'A' || buf[5] != 0x03:
		return 1, nil
	}
	body := "A" + string(buf[2])
	switch buf[2] {
	case 'B', 'D':
		body += sixDigits(p.show().Grams) + "3"
	case '0':
		p.setZero()
	}
	return 6, []byte("\x02" + body + hexXOR(body) + "\x03")
}

// answerDialog plays a checkout scale whose checksum challenge is off.
func answerDialog(buf []byte, p *pan) (int, []byte) {
	text := string(buf)
	switch {
	case buf[0] != 0x04:
		return 1, nil
	case len(buf) < 2:
		return 0, nil
	case buf[1] == 0x05:
		s := p.show()
		if !s.Stable || s.Over || s.Under || s.Grams < 0 {
			return 2, []byte{0x15}
		}
		return 2, fmt.Appendf(nil, "\x0202\x1b3\x1b%05d\x1b000100\x1b%06d\x03", s.Grams, s.Grams/10)
	case buf[1] != 0x02:
		return 1, nil
	}
	end := strings.IndexByte(text, 0x03)
	switch {
	case end < 0:
		return 0, nil
	case strings.HasPrefix(text[2:], "01"):
		return end + 1, []byte{0x06}
	case strings.HasPrefix(text[2:], "08"):
		return end + 1, []byte("\x0209\x1b" + dialogCode(p.show()) + "\x03")
	}
	return end + 1, []byte{0x15}
}

func dialogCode(s Show) string {
	switch {
	case s.Over:
		return "32"
	case s.Under || s.Grams < 0:
		return "31"
	case !s.Stable:
		return "20"
	}
	return "00"
}
