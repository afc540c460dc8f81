package scale

import (
	"slices"
	"strings"
	"testing"
)

func TestGuess_NeedsThreeFramesOfOneProtocol(t *testing.T) {
	cases := map[string]struct {
		heard string
		want  []string
	}{
		"three frames":           {strings.Repeat("ST,GS,   0.123kg\r\n", 3), []string{"comma"}},
		"begun in the middle":    {"0.123kg\r\n" + strings.Repeat("ST,GS,   0.123kg\r\n", 3), []string{"comma"}},
		"two frames":             {strings.Repeat("ST,GS,   0.123kg\r\n", 2), nil},
		"a scale in active mode": {strings.Repeat("\x01\x02S 00.488kge\x03\x04\x10", 3), []string{"enq-dc1"}},
		"mostly noise":           {strings.Repeat("x\r\n", 9) + strings.Repeat("ST,GS,   0.123kg\r\n", 3), nil},
		"nothing":                {"", nil},
	}
	for name, c := range cases {
		g := NewGuess()
		g.Feed([]byte(c.heard), epoch)
		if got := g.Names(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
