package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// voice is how a scale of one protocol speaks.
type voice struct {
	// every is how often stream is sent; 0 means only when asked.
	every  time.Duration
	stream func(Show) []byte
	// answer looks for one request at the beginning of buf. It returns how many bytes it takes up (0: more are needed), and
	// what to send back.
	answer func(buf []byte, p *pan) (n int, reply []byte)
	// parity is the parity bit that seven-bit devices set: 'E', 'O', or 0 for eight bits.
	parity byte
}

const tenth = 100 * time.Millisecond

// voices are the protocols by name.
var voices = map[string]voice{
	"enq-dc1":           {answer: answerENQ},
	"comma":             {every: tenth, stream: streamComma},
	"mt-sics":           {answer: lines(answerSICS)},
	"toledo-8217":       {answer: answerToledo, parity: 'E'},
	"nci":               {answer: answerNCI, parity: 'E'},
	"mt-continuous":     {every: tenth, stream: streamMT, parity: 'E'},
	"mt-continuous-luw": {every: tenth, stream: streamLUW},
	"mt-price-ascii":    {every: tenth, stream: streamPrice},
	"ohaus":             {answer: lines(answerOhaus)},
	"sma":               {answer: answerSMA},
	"sbi":               {answer: lines(answerSBI), parity: 'O'},
	"yaohua-tf0":        {every: tenth, stream: streamYaohua},
	"yaohua-rev":        {every: tenth, stream: streamReversed},
	"yaohua-fwd":        {every: tenth, stream: streamForward},
	"yaohua-a12e":       {every: tenth, stream: streamA12E},
	"yaohua-cmd":        {answer: answerYaohua},
	"ww-ascii":          {every: tenth, stream: streamWW},
	"dialog06":          {answer: answerDialog, parity: 'O'},
	"plain":             {every: tenth, stream: streamPlain},
}

// lines turns an answer to a line of text into one to bytes.
func lines(answer func(line string, p *pan) string) func([]byte, *pan) (int, []byte) {
	return func(buf []byte, p *pan) (int, []byte) {
		end := strings.IndexAny(string(buf), "\r\n")
		switch {
		case end < 0 && len(buf) > 64:
			return len(buf), nil
		case end < 0:
			return 0, nil
		case end == 0:
			return 1, nil
		}
		return end + 1, []byte(answer(string(buf[:end]), p))
	}
}

// Protocols lists the protocols that can be simulated.
func Protocols() []string { return slices.Sorted(maps.Keys(voices)) }

// kilograms writes grams as kilograms with three decimals in a field of that width, padded with blanks on the left.
func kilograms(grams int64, width int) string {
	sign := ""
	if grams < 0 {
		sign, grams = "-", -grams
	}
	return fmt.Sprintf("%*s", width, fmt.Sprintf("%s%d.%03d", sign, grams/1000, grams%1000))
}

// answerENQ plays an Aclas OS2 in passive mode.
func answerENQ(buf []byte, p *pan) (int, []byte) {
	switch {
	case buf[0] == 0x05:
		return 1, []byte{0x06}
	case buf[0] == 0x11:
		return 1, frameENQ(p.show())
	case buf[0] != '<':
		return 1, nil
	case len(buf) < 5:
		return 0, nil
	}
	switch string(buf[:5]) {
	case "<ZK>\t":
		p.setZero()
	case "<TK>\t":
		p.setTare()
	default:
		return 1, nil
	}
	return 5, nil
}

func frameENQ(s Show) []byte {
	status := "U"
	if s.Stable {
		status = "S"
	}
	sign, weight := " ", strings.ReplaceAll(kilograms(max(s.Grams, -s.Grams), 6), " ", "0")
	switch {
	case s.Over:
		sign, weight = "F", "FFFFFF"
	case s.Under:
		status = "F"
	case s.Grams < 0:
		sign = "-"
	}
	text := status + sign + weight + "kg"
	check := byte(0)
	for i := range len(text) {
		check ^= text[i]
	}
	return append([]byte("\x01\x02"+text), check, 0x03, 0x04)
}

// streamComma plays a bench scale: ST,GS,   0.488kg.
func streamComma(s Show) []byte {
	state, mode := "US", "GS"
	if s.Stable {
		state = "ST"
	}
	if s.Net {
		mode = "NT"
	}
	switch {
	case s.Over:
		return []byte("OL," + mode + ",+            \r\n")
	case s.Under:
		return []byte("OL," + mode + ",-            \r\n")
	}
	return []byte(state + "," + mode + "," + kilograms(s.Grams, 8) + "kg\r\n")
}
