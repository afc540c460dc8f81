package scale

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// ST/US/OL: comma separated text, the commonest stream of bench scales. Sources: A&D EK-L, GC and AD-4329 manuals; CAS
// NT-200, CI-400, CI-600D and PDS manuals (22 and 18 bytes); jswjk (generic Chinese bench scales).
//
//	ST,GS,+ 123.456   g      state, mode, weight and unit
//	ST,+001234.5  g          A&D without a mode
//	ST,OK,+0001.234 kg       A&D with its comparator
//	ST,GS,1<C4>,000013.5 kg  CAS with device number and lamps, a byte above 7F
var comma = Protocol{
	Name:    "comma",
	Aliases: []string{"st-gs", "and", "cas", "cas-22", "cas-18", "t-scale", "jswjk", "cas-ext"},
	Title:   "ST/US/OL text (A&D, CAS CI/NT/PDS 22 and 18 bytes, T-Scale, most Chinese bench scales)",
	Line:    "9600 8N1", SaysUnit: true, SaysStable: true,
	decoder: func(p Profile) *Decoder {
		return newDecoder(lineLimit, func(buf []byte) (int, Event) {
			if buf[0] == stx {
				return cutCAS(buf)
			}
			text, n := line(buf)
			if len(text) == 0 {
				return n, nil
			}
			return n, decodeComma(text, p)
		})
	},
	models: []model{
		{
			// CAS CI-400 and CI-600D manuals, command mode 1, device 01: the command comes back when it was carried out.
			aliases: []string{"cas", "cas-22", "cas-18"},
			command: simple(AnAck, time.Second, map[Command]string{Zero: "01MZ\r\n", TakeTare: "01MT\r\n"}),
		},
		{
			aliases: []string{"cas-ext"},
			command: simple(AnAck, time.Second, map[Command]string{Zero: casZero}),
		},
		{
			aliases: []string{"jswjk"},
			command: simple(Nothing, 0, map[Command]string{Zero: "MZ\r\n", TakeTare: "MT\r\n", ClearTare: "CT\r\n"}),
		},
		{
			// General knowledge of A&D's command set; the answers are not documented where we could read it.
			aliases: []string{"and"},
			command: simple(Nothing, 0, map[Command]string{Zero: "Z\r\n", TakeTare: "T\r\n"}),
		},
	},
}

func decodeComma(text []byte, p Profile) Event {
	if r, ok := commaReply(string(text)); ok {
		return r
	}
	fields := bytes.Split(text, []byte{','})
	if len(fields) < 2 || len(fields) > 4 {
		return Broken{Reason: BadFormat}
	}
	r := Reading{Kind: Weight}
	state, weight := string(fields[0]), fields[len(fields)-1]
	switch state {
	case "ST", "QT":
		r.Stability = Stable
	case "US":
		r.Stability = Unstable
	case "OL":
		r.Stability, r.Fault = Unknown, Overload
	default:
		return Broken{Reason: BadFormat}
	}
	for _, f := range fields[1 : len(fields)-1] {
		if !r.commaField(f) {
			return Broken{Reason: BadFormat}
		}
	}
	if r.Fault != NoFault {
		if bytes.HasPrefix(weight, []byte{'-'}) {
			r.Fault = Underload
		}
		return r // whatever digits follow, such as 9999999E+19, are not a weight
	}
	if state == "QT" {
		r.Kind = Count
	}
	return r.withWeight(weight, p)
}

// commaReply reads CAS's answers to commands.
func commaReply(text string) (Reply, bool) {
	switch strings.TrimLeft(text, "0123456789") {
	case "MZ":
		return Reply{Kind: Ack, Command: Zero}, true
	case "MT":
		return Reply{Kind: Ack, Command: TakeTare}, true
	case "!":
		return Reply{Kind: Rejected, Code: "not_executable"}, true
	case "?":
		return Reply{Kind: Rejected, Code: "unrecognised_command"}, true
	}
	return Reply{}, false
}

// commaField reads what may stand between the state and the weight.
func (r *Reading) commaField(f []byte) bool {
	switch strings.TrimSpace(string(f)) {
	case "GS", "G":
		r.Mode = Gross
	case "NT", "N":
		r.Mode = Net
	case "TR", "T":
		r.Mode = Tare
	case "OK", "HI", "LO":
		r.Details = append(r.Details, Detail{"comparator", string(f)})
	default:
		// CAS: device number, then lamps: bit 7 always, 6 stable, 4 hold, 3 printer, 2 gross, 1 tare, 0 zero.
		if len(f) != 2 || f[1] < 0x80 || f[0] < '0' || f[0] > '9' {
			return false
		}
		r.Details = append(r.Details, Detail{"device_id", strconv.Itoa(int(f[0] - '0'))})
		r.AtZero = f[1]&1 != 0
	}
	return true
}
