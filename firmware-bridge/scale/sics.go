package scale

import (
	"strings"
	"time"
)

// MT-SICS, the commands of Mettler-Toledo and its clones. Sources: Mettler AT and AL-IC operating instructions, B-TEK T104
// manual, the tests of Atlantis-Software/mt-sics, mdcurt/mt-sics-emulator.
//
//	host  SI             scale  S S     100.00 g        stable
//	                            S D     129.07 g        dynamic
//	                            S I  S +  S -           not now, overload, underload
//	host  Z  T  TAC      scale  Z A   T S    100.00 g   TAC A
//	                            ES EL ET                syntax, logical, transmission error
//
// The host never sends @: it would also forget the tare. A scale that was left repeating is understood all the same.
var sics = Protocol{
	Name:    "mt-sics",
	Aliases: []string{"mettler", "mettler-toledo", "b-tek"},
	Title:   "MT-SICS (Mettler-Toledo, B-TEK, many clones)",
	Line:    "9600 8N1", SaysUnit: true, SaysStable: true,
	decoder: func(Profile) *Decoder { return lineDecoder(decodeSICS) },
	poll:    ask("SI\r\n", 500*time.Millisecond),
	// Zero and tare wait until the pan settles.
	command: simple(AnAck, 5*time.Second, map[Command]string{Zero: "Z\r\n", TakeTare: "T\r\n", ClearTare: "TAC\r\n"}),
}

func decodeSICS(text []byte) Event {
	word := strings.Fields(string(text))
	if len(word) == 0 {
		return Broken{Reason: BadFormat}
	}
	switch word[0] {
	case "S", "SI", "SIR", "SR", "SNR", "SU", "SIU", "SIRU", "SRU":
		return sicsWeight(word)
	case "Z", "ZI":
		return sicsDone(word, Zero, ZeroRangeHigh, ZeroRangeLow)
	case "T", "TI", "TA":
		return sicsDone(word, TakeTare, Overload, Underload)
	case "TAC":
		return sicsDone(word, ClearTare, Overload, Underload)
	case "ES":
		return Reply{Kind: Rejected, Code: "syntax"}
	case "EL":
		return Reply{Kind: Rejected, Code: "logical"}
	case "ET":
		return Reply{Kind: Rejected, Code: "transmission"}
	}
	if len(word[0]) == 2 && word[0][0] == 'I' && word[0][1] >= '0' && word[0][1] <= '9' && len(word) > 1 {
		return sicsIdentity(word[0], string(text))
	}
	return Broken{Reason: BadFormat}
}

// sicsWeight reads ID, status, value, unit. The status is S or D; some emulators echo the request as ID.
func sicsWeight(word []string) Event {
	if len(word) < 2 {
		return Broken{Reason: BadFormat}
	}
	r := Reading{Kind: Weight, Stability: Unknown}
	switch word[1] {
	case "+":
		r.Fault = Overload
		return r
	case "-":
		r.Fault = Underload
		return r
	case "I":
		return Reply{Kind: NotReady, Code: "not_executable"}
	case "L":
		return Reply{Kind: Rejected, Code: "logical"}
	case "S":
		r.Stability = Stable
	case "D":
		r.Stability = Unstable
	default:
		return Broken{Reason: BadFormat}
	}
	if len(word) != 4 {
		return Broken{Reason: BadFormat}
	}
	var ok bool
	if r.Value, ok = parseSigned([]byte(word[2])); !ok {
		return Broken{Reason: BadFormat}
	}
	return r.withUnit(word[3], Profile{})
}

// sicsDone reads the answer to a command.
func sicsDone(word []string, c Command, high, low Fault) Event {
	if len(word) < 2 {
		return Broken{Reason: BadFormat}
	}
	switch word[1] {
	case "A", "S", "D":
		r := Reply{Kind: Ack, Command: c}
		if word[1] == "D" {
			r.Details = append(r.Details, Detail{"stable", "false"})
		}
		if len(word) == 4 {
			r.Details = append(r.Details, Detail{"tare", word[2]}, Detail{"unit", word[3]})
		}
		return r
	case "I":
		return Reply{Kind: Rejected, Command: c, Code: "not_executable"}
	case "L":
		return Reply{Kind: Rejected, Command: c, Code: "logical"}
	case "+":
		return Reply{Kind: Rejected, Command: c, Code: string(high)}
	case "-":
		return Reply{Kind: Rejected, Command: c, Code: string(low)}
	}
	return Broken{Reason: BadFormat}
}

// sicsIdentity reads I0 (commands), I1 to I3 (model, capacity, software) and I4 (serial number). I4 also comes unasked when
// the scale has been switched on.
func sicsIdentity(id, text string) Event {
	var quoted []string
	for i, part := range strings.Split(text, `"`) {
		if i%2 == 1 {
			quoted = append(quoted, part)
		}
	}
	r := Reply{Kind: Identity}
	switch word := strings.Fields(text); {
	case word[1] != "A" && word[1] != "B":
		return Broken{Reason: BadFormat}
	case id == "I0" && len(word) > 2 && len(quoted) == 1:
		r.Details = []Detail{{"level", word[2]}, {"command", quoted[0]}}
	case id == "I4" && len(quoted) == 1:
		r.Details = []Detail{{"serial", quoted[0]}}
	case len(quoted) > 0:
		r.Details = []Detail{{strings.ToLower(id), strings.Join(quoted, " ")}}
	}
	return r
}
