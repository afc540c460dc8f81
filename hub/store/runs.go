package store

import (
	"fmt"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// packRun writes a run of entries as one row. Each entry goes with the place
// of the one before it of the same SKU: history is read along this chain, and
// no index has to be written.
func packRun(b []byte, r *inventory.Run, stored time.Time) []byte {
	p := packer{b}
	p.time(stored)
	p.uint(uint64(len(r.Entries)))
	for i := range r.Entries {
		e := &r.Entries[i]
		p.uint(uint64(e.Prev.Term))
		p.uint(uint64(e.Prev.Seq))
		p.int(e.OnHandAfter)
		p.uint(uint64(len(e.Raw)))
		p.fixed(e.Raw)
	}
	return p.b
}

// unpackKept reads the entry at index of a run, and when the run was stored.
// The SKU is not in the row: it is in the entry itself.
func unpackKept(row string, index stock.Seq) (inventory.Kept, time.Time, error) {
	u := unpacker{s: row}
	stored := u.time()
	if n := u.count(); u.err == nil && index >= stock.Seq(n) {
		return inventory.Kept{}, stored, fmt.Errorf("%w: run of %d entries, wanted the one at %d", errRow, n, index)
	}
	for range index {
		u.uint()
		u.uint()
		u.int()
		u.text()
	}
	kept := inventory.Kept{Prev: inventory.Place{Term: inventory.Term(u.uint()), Seq: stock.Seq(u.uint())}}
	kept.OnHandAfter = u.int()
	kept.Raw = []byte(u.text())
	return kept, stored, u.err
}

// runLength gives the number of entries of a run.
func runLength(row string) (int, error) {
	u := unpacker{s: row}
	u.time()
	return u.count(), u.err
}
