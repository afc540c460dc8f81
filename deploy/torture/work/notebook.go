package work

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Notebook is the negative control: a program that syncs what it acknowledges
// and checks nothing of what it reads. Command n is number n+1 in slot n.
type Notebook struct{}

const (
	slot  = 512     // bytes, so that no slot is torn
	slots = 1 << 12 // after the last the first is written again
)

// Env is part of Work.
func (Notebook) Env(path string, first, count int) []string {
	return env("notebook", path, first, count)
}

func bookNotebook(_ context.Context, path string, first, count int, out io.Writer) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	// Only data is overwritten from here on, so that the file system's own
	// journal is of no help.
	if _, err := f.Write(make([]byte, slot*slots)); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	for n := first; n < first+count; n++ {
		record := make([]byte, slot)
		binary.LittleEndian.PutUint64(record, uint64(n+1))
		if _, err := f.WriteAt(record, int64(n%slots)*slot); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		fmt.Fprintf(out, "saved %d 0 0\n", n)
	}
	return nil
}

// Check is part of Work.
func (Notebook) Check(ctx context.Context, path string, saved []Saved, _ int) (Report, error) {
	finding, err := Notebook{}.Examine(ctx, path, saved)
	if err == nil && finding != Whole {
		err = errors.New("the notebook is older than what was acknowledged")
	}
	return Report{Again: Saved{N: next(saved)}}, err
}

// Examine is part of Liar.
func (Notebook) Examine(_ context.Context, path string, saved []Saved) (Finding, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	newest := uint64(0)
	at := func(n uint64) uint64 { return binary.LittleEndian.Uint64(text[n%slots*slot:]) }
	for n := range uint64(len(text) / slot) {
		newest = max(newest, at(n))
	}
	for n := newest - min(newest, slots); n < newest; n++ {
		if got := at(n); got != n+1 {
			return 0, fmt.Errorf("slot %d holds %d, want %d: it has %d, and a hole before that", n%slots, got, n+1, newest)
		}
	}
	if newest < uint64(next(saved)) {
		return Older, nil
	}
	return Whole, nil
}
