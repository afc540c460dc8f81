package floor

import (
	"testing"
	"time"
)

// FuzzStep gives a station any codes, buttons and weights, under everything
// that the model test holds it to. Each line of the script is one input: a
// digit of milliseconds to wait, then "b" and a button, "w" and a weight in
// hundreds of grams, or a code. The first 60 lines count.
func FuzzStep(f *testing.F) {
	f.Add("0breceive\n1(01)06901234567892(10)L1(17)260320\n9bpick\n06901234567892\n0bundo\n0bundo")
	f.Add("0breceive\n0apples\n0w\n0wa\n0wa\n0btare\n0wz\n0wz\n0bfinish")
	f.Add("0bcount\n091010102\x1d\n0b4\n06900000000014\n0bfinish\n0bfinish")
	f.Add("0bwaste\n0pork\n0b1\n0br03\n0bok\n0(10)\xff\n0]C1019069000000007831030010241726030810P1")
	f.Fuzz(func(t *testing.T, script string) {
		w := newWatched(t)
		for line := range scriptLines(script) {
			w.now = w.now.Add(time.Duration(line[0]) * 50 * time.Millisecond)
			switch rest := line[1:]; {
			case rest == "":
				w.step(Tick{})
			case rest[0] == 'b':
				w.press(Button(rest[1:]))
			case rest[0] == 'w' && len(rest) > 1:
				w.weigh1((int64(rest[1]) - 'a' + 1) * 100)
			case rest[0] == 'w':
				w.weigh1(0)
			default:
				w.scan(rest)
			}
		}
	})
}

// scriptLines gives the lines of a script that are not empty, at most 60.
func scriptLines(script string) func(func(string) bool) {
	return func(yield func(string) bool) {
		start, n := 0, 0
		for i := range len(script) + 1 {
			if i < len(script) && script[i] != '\n' {
				continue
			}
			if i > start {
				if n++; n > 60 || !yield(script[start:i]) {
					return
				}
			}
			start = i + 1
		}
	}
}
