package main

import (
	"math"
	"testing"
)

// sing makes a second of a voice whose pitch goes through some points, in hertz.
func sing(points ...float64) []int16 {
	const rate = 22050
	out := make([]int16, rate/2)
	phase := 0.0
	for i := range out {
		at := float64(i) / float64(len(out)) * float64(len(points)-1)
		k := min(int(at), len(points)-2)
		hz := points[k] + (points[k+1]-points[k])*(at-float64(k))
		phase += hz / rate
		out[i] = int16(8000*math.Sin(2*math.Pi*phase) + 3000*math.Sin(4*math.Pi*phase))
	}
	return out
}

// Each tone passes for itself, and for no other: otherwise the check would let
// anything through.
func TestCheckTones_TellsTheFourTonesApart(t *testing.T) {
	t.Parallel()
	voices := map[string][]int16{
		"ma1": sing(215, 215, 215), "ma2": sing(150, 165, 210), "ma3": sing(160, 135, 178), "ma4": sing(210, 170, 120),
	}
	for sung, voice := range voices {
		for said := range voices {
			err := checkTones(said, voice, 22050)
			if said == sung && err != nil {
				t.Errorf("%s is not taken for itself: %v", said, err)
			}
			// A rising end is all that a short third tone has over a second.
			if alike := sung == "ma2" && said == "ma3" || sung == "ma3" && said == "ma2"; said != sung && !alike && err == nil {
				t.Errorf("%s passes for %s", sung, said)
			}
		}
	}
	if err := checkTones("ma1", make([]int16, 100), 22050); err == nil {
		t.Error("four milliseconds pass for a syllable")
	}
}
