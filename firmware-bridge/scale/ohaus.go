package scale

import (
	"strings"
	"time"
)

// Ohaus. Sources: Ohaus RS232 interface, Defender 3000 and Ranger manuals.
//
//	host  IP     scale  "       12.72 g    ?" 0D 0A     weight, unit, ? while it moves, legend (G, N, PT ...)
//	                    OK!   ES                          done, not understood
var ohaus = Protocol{
	Name:    "ohaus",
	Aliases: []string{"ohaus-defender", "ohaus-ranger", "ohaus-scout"},
	Title:   "Ohaus (Defender, Ranger, Scout, Navigator)",
	Line:    "9600 8N1", SaysUnit: true, SaysStable: true,
	decoder: func(Profile) *Decoder { return lineDecoder(decodeOhaus) },
	poll:    ask("IP\r\n", 500*time.Millisecond),
	command: simple(Nothing, 200*time.Millisecond, map[Command]string{Zero: "Z\r\n", TakeTare: "T\r\n"}),
}

func decodeOhaus(text []byte) Event {
	word := strings.Fields(string(text))
	switch {
	case len(word) == 1 && word[0] == "OK!":
		return Reply{Kind: Ack}
	case len(word) == 1 && word[0] == "ES":
		return Reply{Kind: Rejected, Code: "syntax"}
	case len(word) < 2:
		return Broken{Reason: BadFormat}
	}
	r := Reading{Kind: Weight, Stability: Stable}
	var ok bool
	if r.Value, ok = parseSigned([]byte(word[0])); !ok {
		return Broken{Reason: BadFormat}
	}
	for _, legend := range word[2:] {
		switch strings.ToUpper(legend) {
		case "?":
			r.Stability = Unstable
		case "G", "GROSS":
			r.Mode = Gross
		case "N", "NET":
			r.Mode = Net
		case "T", "PT", "TARE":
			r.Mode = Tare
		default:
			return Broken{Reason: BadFormat}
		}
	}
	return r.withUnit(word[1], Profile{})
}
