package scale

import "time"

// Guess listens to a line of unknown kind with every decoder at once and says which protocol it is. It is pure and sends
// nothing: the bytes that ask one scale for its weight set the tare of another.
type Guess struct {
	protocols []Protocol
	decoders  []*Decoder
	frames    []int // readings of each
	broken    []int // frames of each that were none
}

// enoughFrames is how many readings it takes to believe a protocol.
const enoughFrames = 3

// NewGuess returns a guess that has heard nothing.
func NewGuess() *Guess {
	g := &Guess{protocols: Protocols()}
	for _, p := range g.protocols {
		g.decoders = append(g.decoders, p.NewDecoder(Profile{Unit: Kilogram}))
	}
	g.frames, g.broken = make([]int, len(g.decoders)), make([]int, len(g.decoders))
	return g
}

// Feed takes bytes that arrived at one time.
func (g *Guess) Feed(b []byte, at time.Time) {
	for i, d := range g.decoders {
		for _, e := range d.Feed(b, at) {
			switch e.(type) {
			case Reading:
				g.frames[i]++
			case Broken:
				g.broken[i]++
			}
		}
	}
}

// Names returns the protocols of which enough frames were heard and more than broken ones: one name is an answer, several
// mean that the frames alone do not tell which it is, none that it is none of them.
func (g *Guess) Names() []string {
	var names []string
	for i, p := range g.protocols {
		if g.frames[i] >= enoughFrames && g.frames[i] > g.broken[i] {
			names = append(names, p.Name)
		}
	}
	return names
}
