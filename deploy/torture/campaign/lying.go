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
	"github.com/forestock/forestock/proto/stock"
)

// LyingDisks is a campaign of power cuts on a disk that has acknowledged
// flushes without doing them for a while, as some drives do. Nothing can keep
// what was written then; but whatever is found afterwards must be whole, or an
// older state that is noticed as such, or say itself that it is damaged.
type LyingDisks struct {
	Work    work.Liar
	Program string // runs work.Child first thing
	Dir     string // where disk and images are mounted
	Cuts    int
	Seed    uint64
	// Mend brings an agent back from what is left of a ledger; nil leaves it
	// as it is.
	Mend     Mend
	Progress func(done, cuts int)
}

// Mend starts an agent on what is left at path of a ledger, beside a hub that
// has stored what was acknowledged: work.Ledger's.
type Mend func(ctx context.Context, dir, path string, epoch stock.Epoch, saved []work.Saved) (work.Mended, error)

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

	Mended    int           // agents that came back and agreed with the hub
	Restored  int           // of those, with a file that was damaged and made whole
	Snapshots int           // of those, with the help of a snapshot
	Reborn    int           // of those, with a new ledger
	Working   time.Duration // the longest that stations had to wait
	Agreed    time.Duration // the longest until hub and agent were the same
}

// String sums the campaign up in one line.
func (t LieTally) String() string {
	text := fmt.Sprintf("%d power cuts on a lying disk; %d commands acknowledged; afterwards %d whole, %d older and found out, %d said to be damaged, %d without file or file system, %d silently wrong",
		t.Cuts, t.Saved, t.Whole, t.Older, t.Damaged, t.Gone, t.Silent)
	if t.Mended == 0 {
		return text
	}
	return fmt.Sprintf("%s; %d agents came back, %d of a damaged file (%d with a snapshot), %d with a new ledger; stations worked after %v at most, hub and agent agreed after %v at most",
		text, t.Mended, t.Restored, t.Snapshots, t.Reborn, t.Working.Round(time.Millisecond), t.Agreed.Round(time.Millisecond))
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
	epoch, _ := work.EpochOf(child.printed()) // only ledgers have one
	return c.inspect(ctx, &img, epoch, saved, t)
}

func (c LyingDisks) inspect(ctx context.Context, img *cutdisk.Image, epoch stock.Epoch, saved []work.Saved, t *LieTally) (err error) {
	left := filepath.Join(c.Dir, "nothing")
	mounted, unmount, err := img.Open(ctx, c.Dir)
	if err == nil {
		left = filepath.Join(mounted, book)
		defer func() { err = errors.Join(err, unmount()) }()
	} // otherwise the file system itself did not survive
	if c.Mend != nil {
		// First, on a copy: examining an older ledger goes on with it.
		if err := c.mend(ctx, left, epoch, saved, t); err != nil {
			return err
		}
	}
	if _, err := os.Stat(left); err != nil {
		t.Gone++
		return nil
	}
	finding, err := c.Work.Examine(ctx, left, saved)
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

func (c LyingDisks) mend(ctx context.Context, left string, epoch stock.Epoch, saved []work.Saved, t *LieTally) error {
	m, err := c.Mend(ctx, c.Dir, left, epoch, saved)
	if err != nil {
		return fmt.Errorf("mend what a cut left: %w", err)
	}
	t.Mended++
	t.Working, t.Agreed = max(t.Working, m.Working), max(t.Agreed, m.Agreed)
	if m.Restored {
		t.Restored++
	}
	if m.Snapshot {
		t.Snapshots++
	}
	if m.Reborn {
		t.Reborn++
	}
	return nil
}
