package uplink_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// memJournal is a ledger in memory: real hashes, real levels.
type memJournal struct {
	lone
	mu      sync.Mutex
	epoch   stock.Epoch
	entries [][]byte
	hashes  []stock.Hash
	sheet   stock.Sheet
	changed chan struct{}
	stored  stock.Seq
	down    stock.DownPosition
	items   map[stock.SKU]stock.Item
	applies int // down batches that were applied
}

func newMemJournal(id byte) *memJournal {
	e := stock.Epoch{id, 0xe}
	return &memJournal{epoch: e, hashes: []stock.Hash{stock.Genesis(e)}, changed: make(chan struct{}), items: make(map[stock.SKU]stock.Item)}
}

// receive books n pieces of goods coming in, one entry each.
func (j *memJournal) receive(tb testing.TB, n int) {
	tb.Helper()
	j.book(tb, n, "li")
}

// receiveOther books the same numbers with another content.
func (j *memJournal) receiveOther(tb testing.TB, n int) {
	tb.Helper()
	j.book(tb, n, "wang")
}

func (j *memJournal) book(tb testing.TB, n int, operator string) {
	tb.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for range n {
		seq := stock.Seq(len(j.entries) + 1)
		e := stock.Entry{Seq: seq, Command: fmt.Sprintf("c%d", seq), Movement: stock.Movement{
			Kind: stock.Receive, SKU: stock.SKU(fmt.Sprintf("sku-%d", seq%17)), Bin: stock.Bin(fmt.Sprintf("B-%d", seq%5)), Delta: int64(seq),
			Operator: operator, Station: "s1", Scan: []byte("]E06901234567892"),
		}}
		raw, err := wire.EncodeEntry(&e)
		if err != nil {
			tb.Fatal(err)
		}
		j.entries = append(j.entries, raw)
		j.hashes = append(j.hashes, j.hashes[len(j.hashes)-1].Next(raw))
		j.sheet.Apply(&e.Movement)
	}
	close(j.changed)
	j.changed = make(chan struct{})
}

// copyOf gives what a copied disk would hold.
func (j *memJournal) copyOf() *memJournal {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := newMemJournal(0)
	c.epoch, c.entries, c.hashes, c.down = j.epoch, slices.Clone(j.entries), slices.Clone(j.hashes), j.down
	for _, raw := range c.entries {
		if e, err := wire.DecodeEntry(raw); err == nil {
			c.sheet.Apply(&e.Movement)
		}
	}
	return c
}

func (j *memJournal) Position() stock.Position {
	j.mu.Lock()
	defer j.mu.Unlock()
	return stock.Position{Epoch: j.epoch, First: 1, Last: stock.Seq(len(j.entries)), Head: j.hashes[len(j.entries)]}
}

func (j *memJournal) Read(_ context.Context, after stock.Seq, maxEntries, maxBytes int) (stock.Batch, *uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := stock.Batch{From: after + 1, Prev: j.hashes[after]}
	for _, e := range j.entries[after:] {
		if len(b.Entries) == maxEntries || (maxBytes < len(e) && len(b.Entries) > 0) {
			break
		}
		maxBytes -= len(e)
		b.Entries = append(b.Entries, e)
	}
	if b.To() < stock.Seq(len(j.entries)) {
		return b, nil, nil
	}
	d := j.sheet.Digest()
	root := d.Root()
	return b, &root, nil
}

func (j *memJournal) HashAt(seq stock.Seq) (stock.Hash, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if int(seq) >= len(j.hashes) {
		return stock.Hash{}, errors.New("no such entry")
	}
	return j.hashes[seq], nil
}

func (j *memJournal) Changed() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.changed
}

func (j *memJournal) Stored(_ context.Context, upto stock.Seq) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stored = max(j.stored, upto)
	return nil
}

func (j *memJournal) Unsent() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return uint64(len(j.entries)) - uint64(j.stored)
}

func (j *memJournal) storedUpto() stock.Seq {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stored
}

func (j *memJournal) ApplyDown(_ context.Context, b stock.DownBatch) (stock.DownPosition, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	at := j.down
	if at.Epoch != b.Epoch {
		at = stock.DownPosition{Epoch: b.Epoch}
	}
	if b.From > at.Applied+1 || b.To() <= at.Applied {
		return at, nil
	}
	for _, d := range b.Entries[at.Applied+1-b.From:] {
		if d.Item != nil {
			j.items[d.Item.SKU] = *d.Item
		}
	}
	at.Applied = b.To()
	j.down = at
	j.applies++
	return at, nil
}

func (j *memJournal) DownPosition() stock.DownPosition {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.down
}

func (j *memJournal) Digest() (stock.Digest, stock.Seq) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sheet.Digest(), stock.Seq(len(j.entries))
}

func (j *memJournal) CellsIn(buckets []int) ([]stock.Level, stock.Seq) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []stock.Level
	for sku := range j.sheet.SKUs() {
		for _, l := range j.sheet.Levels(sku) {
			if slices.Contains(buckets, l.Bucket()) {
				out = append(out, l)
			}
		}
	}
	return out, stock.Seq(len(j.entries))
}

func (j *memJournal) itemCount() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.items)
}
