package scale

import (
	"bytes"
	"time"
)

// Dialog 06, the checkout scales of Bizerba and others in Europe. Sources: DIVA service manual, Ohaus Aviator manual, Cely
// PI100 and Dibal DPOS-400 manuals.
//
//	host  04 02 0 1 1B price*6 1B 03      scale 06, or 15
//	host  04 05                           scale 02 0 2 1B 3 1B W*5 1B price*6 1B amount*6 03    grams; some end with 04
//	                                            15: ask why
//	host  04 02 0 8 03                    scale 02 0 9 1B S S 03
//	                                      scale 02 1 1 1B 2 z z 03      the checksum challenge
//
// A scale that challenges wants a checksum over its own program with a polynomial that its maker gives to certified tills
// only. Such a scale is refused: its supplier must switch the check off, or another protocol on.
var dialog06 = Protocol{
	Name:    "dialog06",
	Aliases: []string{"dialog-06", "bizerba", "dibal", "cely"},
	Title:   "Dialog 06 without checksum challenge (Bizerba, DIVA, Dibal, Cely; checkout scales)",
	Line:    "9600 7O1", SaysUnit: true, SaysStable: true,
	decoder: func(Profile) *Decoder { return newDecoder(dialogFrame, cutDialog) },
	poll: func(Profile) []Step {
		return []Step{
			{Send: []byte("\x04\x0201\x1b000100\x1b\x03"), Until: AnAck, Wait: 500 * time.Millisecond}, // any price but none
			{Send: []byte{eot, enq}, Until: AReading, Wait: 500 * time.Millisecond},
		}
	},
	why: []Step{{Send: []byte("\x04\x0208\x03"), Until: AReading, Wait: 500 * time.Millisecond}},
}

const dialogFrame = 64 // bytes at most

func cutDialog(buf []byte) (int, Event) {
	switch buf[0] {
	case ack:
		return 1, Reply{Kind: Ack}
	case nak:
		return 1, Reply{Kind: NotReady}
	case stx:
	default:
		return 1, nil
	}
	if next := bytes.IndexByte(buf[1:], stx); next >= 0 {
		return next + 1, Broken{Reason: BadFormat}
	}
	end := bytes.IndexAny(buf, "\x03\x04")
	if end < 0 {
		return 0, nil
	}
	return end + 1, decodeDialog(bytes.Split(buf[1:end], []byte{esc}))
}

func decodeDialog(field [][]byte) Event {
	switch record := string(field[0]); {
	case record == "02" && len(field) == 5:
		return dialogWeight(field)
	case record == "09" && len(field) == 2:
		return dialogState(string(field[1]))
	case record == "11" && len(field) == 2 && len(field[1]) > 0:
		return dialogChallenge(string(field[1]))
	}
	return Broken{Reason: BadFormat}
}

// dialogWeight reads five digits of grams. The scale answers only when the pan has settled.
func dialogWeight(field [][]byte) Event {
	r := Reading{Kind: Weight, Stability: Stable, Unit: Kilogram}
	value, ok := parseDecimal(field[2])
	if !ok || value.Places != 0 || len(field[2]) != 5 || string(field[1]) != "3" {
		return Broken{Reason: BadFormat}
	}
	price, priced := parseDecimal(field[3])
	amount, paid := parseDecimal(field[4])
	if !priced || !paid || price.Places+amount.Places != 0 {
		return Broken{Reason: BadFormat}
	}
	r.Value = Decimal{value.Digits, 3}
	r.Details = []Detail{{"unit_price", Decimal{price.Digits, 2}.String()}, {"amount", Decimal{amount.Digits, 2}.String()}}
	return r
}

// dialogState reads record 09: why there is no weight.
func dialogState(code string) Event {
	faults := map[string]Fault{"20": InMotion, "22": InMotion, "30": OutOfRange, "31": Underload, "32": Overload}
	if f, ok := faults[code]; ok {
		return Reading{Kind: Weight, Stability: Unknown, Fault: f}
	}
	switch code {
	case "00":
		return Reply{Kind: Notice, Details: []Detail{{"record", "9"}}}
	case "10", "11", "12", "13":
		return Reply{Kind: Rejected, Code: "format"}
	case "21":
		return Reply{Kind: NotReady, Code: "no_motion"} // nothing has moved since the last weight
	}
	return Broken{Reason: BadFormat}
}

// dialogChallenge reads record 11: 2 and a random number ask for the checksum, 0 and 1 judge it.
func dialogChallenge(d string) Event {
	record := Detail{"record", "11"}
	switch {
	case d[0] == '2' && len(d) > 1:
		return Reply{Kind: Rejected, Code: "checksum_challenge", Details: []Detail{record, {"checksum_request", "true"}, {"random", d[1:]}}}
	case d == "0":
		return Reply{Kind: Rejected, Code: "checksum_challenge", Details: []Detail{record, {"checksums_valid", "false"}}}
	case d == "1":
		return Reply{Kind: Notice, Details: []Detail{record, {"checksums_valid", "true"}}}
	}
	return Broken{Reason: BadFormat}
}
