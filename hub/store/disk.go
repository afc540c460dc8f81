package store

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// Disk is a disk in memory that knows what was synced, so that a simulation can
// take its power away. Nothing of it survives the process.
type Disk struct {
	mem *vfs.MemFS

	mu    sync.Mutex
	left  int    // guarded by mu; syncs of a log until do is called
	do    func() // guarded by mu; nil for nothing
	bluff bool   // guarded by mu
}

// NewDisk makes an empty disk.
func NewDisk() *Disk { return &Disk{mem: vfs.NewCrashableMem()} }

// PowerCut gives what the disk would hold after a power cut at this moment: what
// was synced, and of the rest nothing, or all of it when it is lucky.
func (d *Disk) PowerCut(lucky bool) *Disk {
	cfg := vfs.CrashCloneCfg{}
	if lucky {
		// No draw decides anything at 100 percent.
		cfg.UnsyncedDataPercent, cfg.RNG = 100, rand.New(rand.NewPCG(0, 0))
	}
	return &Disk{mem: d.mem.CrashClone(cfg)}
}

// BeforeSync calls do right before the n-th sync of a write-ahead log from now,
// which is to say in the middle of a commit. An earlier call that is still
// pending is forgotten.
func (d *Disk) BeforeSync(n int, do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.do = n, do
}

// Bluff makes the store answer before anything is synced, as a hub would that
// does not keep its word. It shows that a simulation notices.
func (d *Disk) Bluff() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bluff = true
}

func (d *Disk) bluffs() bool {
	if d == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.bluff
}

// fs gives the disk to the database.
func (d *Disk) fs() vfs.FS { return errorfs.Wrap(d.mem, errorfs.InjectorFunc(d.count)) }

// count sees every operation of the database before it happens.
func (d *Disk) count(op errorfs.Op) error {
	if strings.HasSuffix(op.Path, ".log") && slices.Contains(syncs, op.Kind) {
		if do := d.due(); do != nil {
			do()
		}
	}
	return nil
}

var syncs = []errorfs.OpKind{errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo}

// due counts one sync, and gives what is to be done now; nil for nothing.
func (d *Disk) due() func() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left--; d.left > 0 {
		return nil
	}
	do := d.do
	d.do = nil
	return do
}
