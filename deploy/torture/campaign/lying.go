package campaign

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/forestock/forestock/deploy/torture/cutdisk"
	"github.com/forestock/forestock/deploy/torture/work"
)

// LyingDisks is a campaign of power cuts on a disk that has acknowledged
// flushes without doing them for a while, as some drives do. Nothing can keep
// what was written then; but whatever is found afterwards must be whole, or an
// older state that is noticed as such, or say itself that it is damaged.
type LyingDisks struct {
	Work     work.Liar
	Program  string // runs work.Child first thing
	Dir      string // where disk and images are mounted
	Cuts     int
	Seed     uint64
	Progress func(done, cuts int)
}

// LieTally is what a campaign of lying disks counted.
type LieTally struct {
	Cuts    int
	Saved   int // commands acknowledged before the cuts
	Whole   int // nothing was lost all the same
	Older   int // an earlier state, which is found out
	Damaged int // the book said that it is damaged
	Gone    int // the file system or the file was gone
	Silent  int // something else, without an error: a broken promise
	First   error
}

// String sums the campaign up in one line.
func (t LieTally) String() string {
	return fmt.Sprintf("%d power cuts on a lying disk; %d commands acknowledged; afterwards %d whole, %d older and found out, %d said to be damaged, %d without file or file system, %d silently wrong",
		t.Cuts, t.Saved, t.Whole, t.Older, t.Damaged, t.Gone, t.Silent)
}

// Run carries the campaign out. What is silently wrong is counted, not
// returned.
func (c LyingDisks) Run(ctx context.Context) (t LieTally, err error) {
	disk, err := cutdisk.Mount(ctx, filepath.Join(c.Dir, "disk"), diskSize)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, disk.Close()) }()
	rng := rand.New(rand.NewPCG(c.Seed, 0x6c6965))
	for t.Cuts < c.Cuts {
		if err := c.cut(ctx, disk, rng, &t); err != nil {
			return t, fmt.Errorf("cut %d of seed %d: %w", t.Cuts, c.Seed, err)
		}
		t.Cuts++
		if c.Progress != nil {
			c.Progress(t.Cuts, c.Cuts)
		}
	}
	return t, nil
}

// cut lets the program work on a new book, makes the disk lie for 200 ms to
// 2 s, and cuts the power.
func (c LyingDisks) cut(ctx context.Context, disk *cutdisk.Disk, rng *rand.Rand, t *LieTally) error {
	child, err := start(ctx, c.Work, filepath.Join(disk.Dir, book), c.Program)
	if err != nil {
		return err
	}
	if err := child.begun(ctx); err != nil {
		return err
	}
	wait(ctx, time.Duration(20+rng.IntN(300))*time.Millisecond)
	disk.Lie(true)
	wait(ctx, time.Duration(200+rng.IntN(1800))*time.Millisecond)
	saved := work.Acknowledged(child.printed())
	img := disk.Cut(rng)
	child.kill()
	disk.Lie(false)
	t.Saved += len(saved)
	return c.inspect(ctx, &img, saved, t)
}

func (c LyingDisks) inspect(ctx context.Context, img *cutdisk.Image, saved []work.Saved, t *LieTally) (err error) {
	mounted, unmount, err := img.Open(ctx, c.Dir)
	if err != nil {
		t.Gone++ // the file system itself did not survive
		return nil
	}
	defer func() { err = errors.Join(err, unmount()) }()
	path := filepath.Join(mounted, book)
	if _, err := os.Stat(path); err != nil {
		t.Gone++
		return nil
	}
	finding, err := c.Work.Examine(ctx, path, saved)
	switch {
	case err != nil:
		t.Silent++
		if t.First == nil {
			t.First = err
		}
	case finding == work.Whole:
		t.Whole++
	case finding == work.Older:
		t.Older++
	case finding == work.Damaged:
		t.Damaged++
	}
	return nil
}
