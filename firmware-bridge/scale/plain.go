package scale

// Plain text: a weight and perhaps a unit on a line. Sources: 双杰 (Shuangjie) balances' communication notes (14 characters),
// CAS CI-600D manual (10 bytes: weight only), shops' programs. There is no stability on the wire.
//
//	"   123.45 g " 0D 0A      "450 g" 0D 0A      "000013.5" 0D 0A
var plain = Protocol{
	Name:    "plain",
	Aliases: []string{"sj-14", "cas-10", "shuangjie"},
	Title:   "plain text lines (Shuangjie, CAS 10 bytes, home-made)",
	Line:    "9600 8N1", SaysUnit: true,
	decoder: func(p Profile) *Decoder {
		return lineDecoder(func(text []byte) Event {
			r := Reading{Kind: Weight, Stability: Unknown}
			if f := shownFault(text); f != NoFault {
				r.Fault = f
				return r
			}
			return r.withWeight(text, p)
		})
	},
}
