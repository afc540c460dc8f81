package vector

import (
	"maps"
	"strconv"

	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/scale"
)

// events decodes the input with the protocol of the vector, in the chunks it was given in.
func events(v Vector, in []byte) ([]scale.Event, *scale.Decoder, Result) {
	p, err := scale.Find(v.Proto)
	if err != nil {
		return nil, nil, failed("unknown_protocol")
	}
	unit, _ := scale.ParseUnit(v.Config.Unit)
	in = append([]byte(nil), in...)
	switch v.Config.Parity {
	case "even":
		port.EvenParity.Strip(in)
	case "odd":
		port.OddParity.Strip(in)
	}
	d := p.NewDecoder(scale.Profile{Unit: unit})
	return d.Feed(in, now), d, nil
}

// scaleOne reads the one frame of a vector; what stands before it, such as the acknowledgement of a request, is skipped.
func scaleOne(v Vector, in []byte) Result {
	if v.Proto == "any" {
		return anyScale(in)
	}
	all, _, fault := events(v, in)
	if fault != nil {
		return fault
	}
	result := failed("format")
	for _, e := range all {
		switch e := e.(type) {
		case scale.Reading:
			return reading(e)
		case scale.Reply:
			result = reply(e)
		case scale.Broken:
			result = failed(string(e.Reason))
		}
	}
	return result
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
	all, d, fault := events(v, in)
	if fault != nil {
		return fault
	}
	r := Result{"frames": 0, "rest": string(d.Pending())}
	frames := 0
	for _, e := range all {
		if e, ok := e.(scale.Reading); ok {
			frames++
			maps.Copy(r, reading(e))
		}
	}
	r["frames"] = frames
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
	case scale.AnyMode, scale.Tare:
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
		r["value"], r["unit"], r["negative"] = e.Value.String(), string(e.Unit), e.Value.Digits < 0
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
		r["error"] = string(scale.NotReady)
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
