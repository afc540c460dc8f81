package scale

// Copy this file to add a scale: one file, in this order. Then add the protocol to Protocols, put frames from the manual or
// from a device into testdata/<name>.txt, and an encoder into package sim. Files that begin with _ are not compiled.

// NAME: which scales. Sources: manual and page, captured frames.
//
//	the frame, byte by byte, as the manual draws it
const blueprintFrame = 10 // bytes

var blueprint = Protocol{
	Name:       "blueprint",                    // in configuration
	Aliases:    []string{"maker-model"},        // makers and models that speak it
	Title:      "Blueprint (maker and models)", // for people
	Line:       "9600 8N1",                     // as it leaves the factory
	SaysUnit:   true,                           // false: the unit must be configured
	SaysStable: true,                           // false: stability is inferred
	decoder: func(p Profile) *Decoder {
		return newDecoder(blueprintFrame, func(buf []byte) (int, Event) { return cutBlueprint(buf, p) })
	},
	// Leave poll out when the scale sends by itself, and command when it takes none.
	poll: func(Profile) []Step {
		return []Step{{Send: []byte("W\r"), Until: AReading, Wait: 500 * time.Millisecond}}
	},
	command: func(c Command, _ Profile) []Step { return nil },
}

// cutBlueprint finds the frame: how many bytes it takes up and what it is. It asks for more with 0, and skips a byte that
// cannot begin a frame with 1 and nil. It must not look at more than it was given, nor remember anything between calls.
func cutBlueprint(buf []byte, p Profile) (int, Event) {
	switch {
	case buf[0] != stx:
		return 1, nil
	case len(buf) < blueprintFrame:
		return 0, nil
	case xor(buf[1:8]) != buf[8]:
		return blueprintFrame, Broken{Reason: BadChecksum}
	}
	r := Reading{Kind: Weight, Stability: Stable, Unit: p.Unit}
	value, ok := parseSigned(buf[1:8])
	if !ok {
		return blueprintFrame, Broken{Reason: BadFormat}
	}
	r.Value = value
	return blueprintFrame, r
}
