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

// PowerCuts is a campaign of power cuts under a working program.
type PowerCuts struct {
	Work    work.Work
	Program string // runs work.Child first thing
	Dir     string // where disk and images are mounted
	Cuts    int
	Seed    uint64
	// NoSync swallows the program's syncs: the negative control, which must
	// lose.
	NoSync   bool
	Progress func(done, cuts int)
}

// CutTally is what a campaign of power cuts counted.
type CutTally struct {
	Cuts     int
	InFlight int // cuts that hit writes which were not flushed yet
	Saved    int // commands acknowledged before the cuts
	Ahead    int // cuts after the commit and before the answer
	Lost     int // cuts after which something acknowledged was gone or torn
	Corrupt  int // cuts after which the book could not be opened
	Slowest  time.Duration
	First    error // of what was lost or corrupt
}

// String sums the campaign up in one line.
func (t CutTally) String() string {
	return fmt.Sprintf("%d power cuts, %d of them with writes in flight; %d commands acknowledged; %d lost, %d corrupt; %d were saved but not yet answered; slowest reopening %v",
		t.Cuts, t.InFlight, t.Saved, t.Lost, t.Corrupt, t.Ahead, t.Slowest.Round(time.Millisecond))
}

const diskSize = 64 << 20

// book is the name of what is worked on: a file or a folder.
const book = "book"

// Run carries the campaign out. Losses are counted, not returned: whoever asks
// decides whether they are wanted.
func (p PowerCuts) Run(ctx context.Context) (t CutTally, err error) {
	disk, err := cutdisk.Mount(ctx, filepath.Join(p.Dir, "disk"), diskSize)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, disk.Close()) }()
	rng := rand.New(rand.NewPCG(p.Seed, 0x707765726375))
	for t.Cuts < p.Cuts {
		if err := p.cut(ctx, disk, rng, &t); err != nil {
			return t, fmt.Errorf("cut %d of seed %d: %w", t.Cuts, p.Seed, err)
		}
		t.Cuts++
		if p.Progress != nil {
			p.Progress(t.Cuts, p.Cuts)
		}
	}
	return t, nil
}

// cut lets the program work on a new book for a while, cuts the power, and
// looks at what a machine that starts again finds.
func (p PowerCuts) cut(ctx context.Context, disk *cutdisk.Disk, rng *rand.Rand, t *CutTally) error {
	argv := []string{p.Program}
	if p.NoSync {
		argv = []string{
			"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync",
			"-e", "inject=fdatasync,fsync:retval=0", "--", p.Program,
		}
	}
	worker, err := start(ctx, p.Work, filepath.Join(disk.Dir, book), argv...)
	if err != nil {
		return err
	}
	wait(ctx, time.Duration(20+rng.IntN(300))*time.Millisecond)
	// What was acknowledged is read before the power goes: the order matters.
	saved := work.Acknowledged(worker.printed())
	img := disk.Cut(rng)
	worker.kill()
	t.Saved += len(saved)
	if img.Pending > 0 {
		t.InFlight++
	}
	return p.inspect(ctx, &img, saved, t)
}

func (p PowerCuts) inspect(ctx context.Context, img *cutdisk.Image, saved []work.Saved, t *CutTally) (err error) {
	mounted, unmount, err := img.Open(ctx, p.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unmount()) }()
	path := filepath.Join(mounted, book)
	if _, err := os.Stat(path); os.IsNotExist(err) && len(saved) == 0 {
		return nil // the cut came before it was made
	}
	r, err := p.Work.Check(ctx, path, saved, 1<<30)
	t.Slowest = max(t.Slowest, r.Reopening)
	t.Ahead += r.Ahead
	if err == nil {
		return nil
	}
	if r.Reopening == 0 {
		t.Corrupt++
	} else {
		t.Lost++
	}
	if t.First == nil {
		t.First = err
	}
	return nil
}
