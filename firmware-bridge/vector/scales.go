package vector

import (
	"maps"
	"strconv"
	"time"

	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/scale"
)

// line is a decoder with what one vector says of it.
type line struct {
	decoder *scale.Decoder
	parity  port.Parity
}

// nobody is the unit of values whose unit nobody says. No scale of ours sends it, and it is not converted.
const nobody = scale.TaiwanJin

// open returns the decoder of a vector.
func open(v Vector) (line, Result) {
	p, err := scale.Find(v.Proto)
	if err != nil {
		return line{}, failed("unknown_protocol")
	}
	unit, ok := scale.ParseUnit(v.Config.Unit)
	if !ok && (!p.SaysUnit || p.Name == "sbi") { // SBI leaves the unit out while the pan moves
		unit = nobody
	}
	l := line{decoder: p.NewDecoder(scale.Profile{Unit: unit}), parity: port.NoParity}
	switch v.Config.Parity {
	case "even":
		l.parity = port.EvenParity
	case "odd":
		l.parity = port.OddParity
	}
	return l, nil
}

// feed decodes the input; the parity bits of some bytes may be wrong.
func (l line) feed(in []byte) (events []scale.Event, wrong int) {
	in = append([]byte(nil), in...)
	wrong = l.parity.Strip(in)
	return l.decoder.Feed(in, now), wrong
}

// scaleOne reads the one frame of a vector; what stands before it, such as the acknowledgement of a request, is skipped.
func scaleOne(v Vector, in []byte) Result {
	if v.Proto == "any" {
		return anyScale(in)
	}
	l, fault := open(v)
	if fault != nil {
		return fault
	}
	events, wrong := l.feed(in)
	result := failed("format")
	var commands [][2]any
	for _, e := range append(events, l.decoder.Gap(now.Add(time.Hour))...) {
		switch e := e.(type) {
		case scale.Reading:
			return reading(e)
		case scale.Reply:
			result = reply(e)
			if c, ok := listed(e); ok {
				commands = append(commands, c)
			}
		case scale.Broken:
			if _, answered := result["error"]; answered {
				result = broken(e)
			}
		}
	}
	if _, bad := result["error"]; bad && wrong > 0 {
		return failed("parity")
	}
	if commands != nil {
		return Result{"commands": commands}
	}
	return result
}

// broken maps the reasons for which a frame is dropped to the few that tell apart what a line does.
func broken(e scale.Broken) Result {
	switch e.Reason {
	case scale.BadChecksum, scale.BadParity:
		return failed(string(e.Reason))
	case scale.BadFormat, scale.BadUnit, scale.Overrun, scale.Cut:
	}
	return Result{"error": "format", "reason": string(e.Reason)}
}

// listed reads one line of a list of commands.
func listed(e scale.Reply) ([2]any, bool) {
	if len(e.Details) != 2 || e.Details[0].Name != "level" {
		return [2]any{}, false
	}
	level, err := strconv.Atoi(e.Details[0].Value)
	return [2]any{level, e.Details[1].Value}, err == nil
}

// anyScale lets every protocol try.
func anyScale(in []byte) Result {
	for _, p := range scale.Protocols() {
		for _, e := range p.NewDecoder(scale.Profile{Unit: scale.Kilogram}).Feed(in, now) {
			if r, ok := e.(scale.Reading); ok {
				return reading(r)
			}
		}
	}
	return failed("format")
}

func scaleStream(v Vector, in []byte) Result {
	l, fault := open(v)
	if fault != nil {
		return fault
	}
	r, frames := Result{}, 0
	events, _ := l.feed(in)
	for _, e := range events {
		if e, ok := e.(scale.Reading); ok {
			frames++
			maps.Copy(r, reading(e))
		}
	}
	r["frames"], r["rest"] = frames, string(l.decoder.Pending())
	return r
}

func reading(e scale.Reading) Result {
	if e.Fault != scale.NoFault {
		r := failed(string(e.Fault))
		details(r, e.Details)
		return r
	}
	r := Result{"stable": nil}
	if e.Stability != scale.Unknown {
		r["stable"] = e.Stability == scale.Stable
	}
	switch e.Mode {
	case scale.Gross, scale.Net:
		r[string(e.Mode)] = true
	case scale.Tare:
		r["mode"] = "tare"
	case scale.AnyMode:
	}
	if e.AtZero {
		r["zero"] = true
	}
	details(r, e.Details)
	switch e.Kind {
	case scale.Count:
		r["count"] = e.Value.Digits
	case scale.Percent:
		r["percent"] = e.Value.String()
	case scale.Weight:
		r["value"], r["negative"] = e.Value.String(), e.Value.Digits < 0
		if e.Unit != nobody {
			r["unit"] = string(e.Unit)
		}
		if grams, ok := e.ExactGrams(); ok {
			r["grams"] = grams.String()
		}
	}
	return r
}

func reply(e scale.Reply) Result {
	r := Result{}
	switch e.Kind {
	case scale.Ack:
		r["ack"] = string(e.Command)
	case scale.Rejected:
		r["error"] = e.Code
	case scale.NotReady:
		if r["error"] = e.Code; e.Code == "" {
			r["error"] = string(scale.NotReady)
		}
	case scale.Identity, scale.Notice:
	}
	details(r, e.Details)
	return r
}

// details adds what else a frame says; numbers and truths in their JSON form.
func details(r Result, all []scale.Detail) {
	for _, d := range all {
		r[d.Name] = d.Value
		switch d.Name {
		case "device_id", "record", "address":
			if n, err := strconv.Atoi(d.Value); err == nil {
				r[d.Name] = n
			}
		}
		if d.Value == "true" || d.Value == "false" {
			r[d.Name] = d.Value == "true"
		}
	}
}
