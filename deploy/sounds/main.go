// Command sounds makes the clips that stations speak: it lets espeak-ng say each
// syllable, measures whether its tone is the right one, and packs all into one
// small file with a table of where each begins. What cannot be told apart by its
// pitch is an error, and no file is written.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sounds FOLDER (needs espeak-ng and opusenc: apt-get install espeak-ng opus-tools)")
		os.Exit(2)
	}
	if err := build(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "sounds:", err)
		os.Exit(1)
	}
}

// clip is something to say: pinyin with tones, or a Latin letter.
type clip struct{ name, say string }

// clips are the words of the stations: enough for every quantity and bin.
func clips() []clip {
	all := []clip{
		{"0", "ling2"},
		{"1", "yi1"},
		{"2", "er4"},
		{"3", "san1"},
		{"4", "si4"},
		{"5", "wu3"},
		{"6", "liu4"},
		{"7", "qi1"},
		{"8", "ba1"},
		{"9", "jiu3"},
		{"liang", "liang3"},
		{"ten", "shi2"},
		{"hundred", "bai3"},
		{"thousand", "qian1"},
		{"point", "dian3"},
		{"piece", "jian4"},
		{"g", "ke4"},
		{"kg", "gong1jin1"},
		{"ml", "hao2sheng1"},
		{"take", "na2"},
		{"right", "dui4"},
		{"wrong", "na2 cuo4"},
		{"expired", "guo4qi1"},
		{"wrong-bin", "huo4wei4 bu2dui4"},
		{"done", "wan2cheng2"},
	}
	for c := 'A'; c <= 'Z'; c++ {
		all = append(all, clip{string(c), ""})
	}
	return all
}

// gap is the silence between two clips in the file, in seconds, so that one that is
// played a little too long does not begin the next.
const gap = 0.06

func build(folder string) (err error) {
	temp, err := os.MkdirTemp("", "sounds-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	var samples []int16
	var table strings.Builder
	rate := 0
	for _, c := range clips() {
		s, r, err := speak(temp, c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		rate = r
		if err := checkTones(c.say, s, r); err != nil {
			return fmt.Errorf("%s (%s) is not clear: %w", c.name, c.say, err)
		}
		fmt.Fprintf(&table, "  %q: [%.3f, %.3f],\n", c.name, float64(len(samples))/float64(rate), float64(len(s))/float64(rate))
		samples = append(append(samples, s...), make([]int16, int(gap*float64(rate)))...)
	}
	wav := filepath.Join(temp, "all.wav")
	if err := os.WriteFile(wav, encode(samples, rate), 0o600); err != nil {
		return err
	}
	out := filepath.Join(folder, "speech.opus")
	if text, err := exec.Command("opusenc", "--quiet", "--bitrate", "24", "--framesize", "40", "--serial", "1", "--padding", "0", wav, out).CombinedOutput(); err != nil { //nolint:gosec,noctx // a tool of the build
		return fmt.Errorf("opusenc: %w: %s", err, text)
	}
	js := "// Where each clip of speech.opus begins and how long it is, in seconds. `make sounds` writes it.\nexport const clips = {\n" + table.String() + "};\n"
	return os.WriteFile(filepath.Join(folder, "clips.js"), []byte(js), 0o600)
}

// speak gives the samples of a clip, without silence around it and as loud as
// the others.
func speak(temp string, c clip) ([]int16, int, error) {
	wav := filepath.Join(temp, "one.wav")
	voice, text := "cmn-latn-pinyin+f3", `<prosody range="180%">`+c.say+`</prosody>`
	if c.say == "" {
		voice, text = "en-us+f3", `<say-as interpret-as="characters">`+c.name+`</say-as>`
	}
	if out, err := exec.Command("espeak-ng", "-m", "-v", voice, "-s", "145", "-w", wav, text).CombinedOutput(); err != nil { //nolint:gosec,noctx // a tool of the build
		return nil, 0, fmt.Errorf("espeak-ng: %w: %s", err, out)
	}
	data, err := os.ReadFile(wav)
	if err != nil {
		return nil, 0, err
	}
	const header = 44
	if len(data) < header {
		return nil, 0, fmt.Errorf("espeak-ng wrote %d bytes", len(data))
	}
	rate := int(binary.LittleEndian.Uint32(data[24:]))
	samples := make([]int16, (len(data)-header)/2)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(data[header+2*i:])) //nolint:gosec // two's complement
	}
	return level(trim(samples)), rate, nil
}

func encode(samples []int16, rate int) []byte {
	b := []byte("RIFF....WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00")
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))   //nolint:gosec // 22,050
	b = binary.LittleEndian.AppendUint32(b, uint32(2*rate)) //nolint:gosec // as above
	b = append(b, "\x02\x00\x10\x00data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(2*len(samples))) //nolint:gosec // a minute at most
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s)) //nolint:gosec // two's complement
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8)) //nolint:gosec // as above
	return b
}
