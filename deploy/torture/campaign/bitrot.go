package campaign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/deploy/torture/work"
)

// BitRot is a campaign of damage to a ledger's file.
type BitRot struct {
	Dir      string
	Flips    int // single bits turned over
	Pages    int // whole pages zeroed, overwritten with noise, or swapped
	Seed     uint64
	Look     func(ctx context.Context, path string) (work.Content, error) // work.Look but for a negative control
	Progress func(done, all int)
}

// RotTally is what a campaign of damage counted.
type RotTally struct {
	Harmless int // nothing that anybody reads was hit
	Noticed  int // the ledger said that it is damaged
	Silent   int // the ledger gave other content and no error
	First    error
}

// String sums the campaign up in one line.
func (t RotTally) String() string {
	return fmt.Sprintf("%d damages: %d noticed before use, %d hit nothing that is read, %d silent", t.Harmless+t.Noticed+t.Silent, t.Noticed, t.Harmless, t.Silent)
}

const page = 4096

// Run carries the campaign out.
func (r BitRot) Run(ctx context.Context) (t RotTally, err error) {
	if r.Look == nil {
		r.Look = work.Look
	}
	path := filepath.Join(r.Dir, "sound.db")
	want, err := work.Prepare(ctx, path, 300)
	if err != nil {
		return t, fmt.Errorf("prepare a ledger: %w", err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	rng := rand.New(rand.NewPCG(r.Seed, 0x726f74))
	for i := range r.Flips + r.Pages {
		damaged := bytes.Clone(sound)
		what := flip(damaged, rng)
		if i >= r.Flips {
			what = spoil(bytes.Clone(sound), damaged, rng)
		}
		if err := r.judge(ctx, damaged, what, want, &t); err != nil {
			return t, err
		}
		if r.Progress != nil {
			r.Progress(i+1, r.Flips+r.Pages)
		}
	}
	return t, nil
}

func (r BitRot) judge(ctx context.Context, damaged []byte, what string, want work.Content, t *RotTally) error {
	path := filepath.Join(r.Dir, "damaged.db")
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		return err
	}
	got, err := r.Look(ctx, path)
	switch {
	case errors.Is(err, ledger.ErrDamaged):
		t.Noticed++
	case err != nil:
		return fmt.Errorf("%s: an error that does not say the file is damaged: %w", what, err)
	case reflect.DeepEqual(got, want):
		t.Harmless++
	default:
		t.Silent++
		if t.First == nil {
			t.First = fmt.Errorf("%s: other content and no error: %s", what, difference(want, got))
		}
	}
	return nil
}

// difference names the parts of the content that differ.
func difference(want, got work.Content) string {
	w, g := reflect.ValueOf(want), reflect.ValueOf(got)
	var parts []string
	for i := range w.NumField() {
		if a, b := w.Field(i).Interface(), g.Field(i).Interface(); !reflect.DeepEqual(a, b) {
			parts = append(parts, fmt.Sprintf("%s is %.200s, was %.200s", w.Type().Field(i).Name, fmt.Sprint(b), fmt.Sprint(a)))
		}
	}
	return strings.Join(parts, "; ")
}

func flip(b []byte, rng *rand.Rand) string {
	at, bit := rng.IntN(len(b)), rng.IntN(8)
	b[at] ^= 1 << bit
	return fmt.Sprintf("bit %d of byte %d flipped", bit, at)
}

// spoil replaces damaged by the sound file with one page spoilt.
func spoil(sound, damaged []byte, rng *rand.Rand) string {
	copy(damaged, sound)
	pages := len(sound) / page
	at := rng.IntN(pages)
	p := damaged[at*page : (at+1)*page]
	switch rng.IntN(3) {
	case 0:
		clear(p)
		return fmt.Sprintf("page %d zeroed", at)
	case 1:
		for i := range p {
			p[i] = byte(rng.Uint32())
		}
		return fmt.Sprintf("page %d overwritten with noise", at)
	default:
		other := rng.IntN(pages)
		copy(p, sound[other*page:])
		return fmt.Sprintf("page %d overwritten with page %d", at, other)
	}
}
