package world

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// image is what a box's disk once held.
type image struct {
	at    stock.Position
	bytes []byte
}

// keptImages is how many former states a disk can go back to.
const keptImages = 3

// remember keeps what the disk holds when a shift begins. A disk never goes
// back to a ledger that was replaced: that needs a person.
func (b *box) remember(at stock.Position) error {
	if n := len(b.images); n > 0 && b.images[n-1].at.Epoch != at.Epoch {
		b.images = nil
		b.staff.turn(func(booked) bool { return true })
	}
	now, err := os.ReadFile(b.path)
	if err != nil {
		return err
	}
	b.images = append(b.images, image{at, now})
	if len(b.images) > keptImages {
		b.images = b.images[1:]
	}
	return nil
}

// hurt makes the disk what fate wants, given what it held when the program
// ended.
func (b *box) hurt(now []byte) error {
	fate := b.fate
	b.fate = kill
	dice := b.w.dice.Now("disk " + string(b.id))
	if b.w.options.Defect == DiskForgetsCommits {
		return os.WriteFile(b.path, b.images[0].bytes, 0o600) // and nobody is let off
	}
	switch fate {
	case kill, powerCut:
	case rollBack:
		old := b.images[dice.IntN(len(b.images))]
		b.forgive(old.at.Last)
		b.tell("the disk is back at entry %d", old.at.Last)
		now = old.bytes
	case loseDisk:
		b.forgive(0)
		b.images = nil
		return nil // the next shift finds nothing
	case damage:
		b.forgive(0)
		spoil(now, dice)
	}
	return os.WriteFile(b.path, now, 0o600)
}

// forgive lets the box off what nobody can give back: what was neither promised
// by the hub nor left on the disk.
func (b *box) forgive(left stock.Seq) {
	certain := max(left, b.w.hub.promises.to(b.id, b.images[len(b.images)-1].at.Epoch))
	b.staff.turn(func(k booked) bool { return k.receipt.To <= certain })
	b.staff.doubt()
	b.w.hub.spoil()
}

// spoil overwrites a few parts of a file.
func spoil(file []byte, dice *rand.Rand) {
	for range 1 + dice.IntN(3) {
		at := dice.IntN(len(file))
		part := file[at:min(at+1+dice.IntN(2*sector), len(file))]
		for i := range part {
			part[i] = byte(dice.Uint32())
		}
	}
}

// restore does what the agent does when its ledger is damaged.
func (b *box) restore(ctx context.Context, why error) error {
	b.tell("%v", why)
	r, err := ledger.Restore(ctx, b.path, filepath.Join(filepath.Dir(b.path), "snapshots"), b.options())
	if err != nil {
		return err
	}
	b.tell("ledger restored: %d entries salvaged, a new ledger: %t", r.Salvaged, r.Reborn)
	return nil
}

// rebirth does what the agent does when the hub asks for another ledger.
func (b *box) rebirth(ctx context.Context, why error) error {
	b.tell("%v", why)
	r, err := ledger.Rebirth(ctx, b.path, ledger.RebirthOptions{Options: b.options(), Why: why.Error()})
	if err != nil {
		return err
	}
	b.tell("ledger %.4s is made", r.Epoch)
	return nil
}
