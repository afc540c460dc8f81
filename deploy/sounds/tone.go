package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// trim cuts the silence off both ends.
func trim(s []int16) []int16 {
	const quiet = 500
	loud := func(v int16) bool { return v > quiet || v < -quiet }
	from, to := slices.IndexFunc(s, loud), len(s)
	for to > 0 && !loud(s[to-1]) {
		to--
	}
	if from < 0 {
		return nil
	}
	return s[from:to]
}

// level makes a clip as loud as the others, by its power, and never clips it.
func level(s []int16) []int16 {
	const wanted, most = 5500, 31000
	var power, peak float64
	for _, v := range s {
		power += float64(v) * float64(v)
		peak = max(peak, math.Abs(float64(v)))
	}
	gain := min(wanted/math.Sqrt(power/float64(max(1, len(s)))), most/max(1, peak))
	out := make([]int16, len(s))
	for i, v := range s {
		out[i] = int16(float64(v) * gain)
	}
	return out
}

// checkTones compares the pitch of a single syllable with its tone: the first is
// level, the second rises, the third dips, the fourth falls. Words of several
// syllables are made of the same ones.
func checkTones(say string, s []int16, rate int) error {
	if len(s) < rate/8 || len(s) > rate*7/5 {
		return fmt.Errorf("it takes %.2f s", float64(len(s))/float64(rate))
	}
	if strings.Count(say, " ") > 0 || len(strings.FieldsFunc(say, func(r rune) bool { return r >= '1' && r <= '5' })) != 1 {
		return nil
	}
	early, late := pitches(s, rate, 0.2, 0.5), pitches(s, rate, 0.6, 0.9)
	semitones := func(from, to float64) float64 { return 12 * math.Log2(to/from) }
	switch say[len(say)-1] {
	case '1':
		if move := semitones(slices.Min(late), slices.Max(late)); move > 1.5 {
			return fmt.Errorf("the first tone moves by %.1f semitones", move)
		}
	case '2':
		if rise := semitones(slices.Min(early), slices.Max(late)); rise < 2 {
			return fmt.Errorf("the second tone rises by %.1f semitones", rise)
		}
	case '3':
		if dip := semitones(min(slices.Min(early), slices.Min(late)), late[len(late)-1]); dip < 1 {
			return fmt.Errorf("the third tone rises by %.1f semitones after its dip", dip)
		}
	case '4':
		if fall := semitones(slices.Min(late), slices.Max(early)); fall < 3 {
			return fmt.Errorf("the fourth tone falls by %.1f semitones", fall)
		}
	}
	return nil
}

// voiceMost is above what the voice reaches, in hertz: what seems higher is the
// hiss of a consonant.
const voiceMost = 260

// pitches gives the pitch at some places from one part of a clip to another.
func pitches(s []int16, rate int, from, to float64) []float64 {
	const places = 5
	var out []float64
	for i := range places {
		if hz := pitch(s, rate, from+(to-from)*float64(i)/(places-1)); hz < voiceMost {
			out = append(out, hz)
		}
	}
	if out == nil {
		return []float64{voiceMost}
	}
	return out
}

// pitch gives the fundamental in hertz at a part of a clip, by autocorrelation:
// the shortest period that is nearly as good as the best one.
func pitch(s []int16, rate int, part float64) float64 {
	window := rate * 50 / 1000
	at := min(max(0, int(part*float64(len(s)))-window/2), max(0, len(s)-window))
	w := s[at:min(len(s), at+window)]
	shortest, longest := rate/350, rate/110
	score := make([]float64, longest+1)
	best := 0.0
	for lag := shortest; lag <= longest && lag < len(w)/2; lag++ {
		var sum, a, b float64
		for i := range len(w) - lag {
			x, y := float64(w[i]), float64(w[i+lag])
			sum, a, b = sum+x*y, a+x*x, b+y*y
		}
		score[lag] = sum / math.Sqrt(a*b+1)
		best = max(best, score[lag])
	}
	for lag := shortest; lag <= longest; lag++ {
		if score[lag] >= 0.93*best && (lag == longest || score[lag] >= score[lag+1]) {
			return float64(rate) / float64(lag)
		}
	}
	return float64(rate) / float64(longest)
}
