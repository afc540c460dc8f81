package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// A checkpoint is the levels and lots as of one entry, so that opening need not
// add up the whole journal. There are two: the newer counts, the older stays
// whole until the next one is complete, and entries after the older one are
// never trimmed, so either of them can rebuild the levels.
type checkpoint struct {
	mark
	digest uint64 // root of the digest of all levels
	chunks uint32
}

// A chunk of a checkpoint fills about one page; one commit writes this many, so
// that a scan never waits for more than a quarter of a megabyte.
const (
	chunkBytes      = 3500
	chunksPerCommit = 64
)

func checkpointKey(slot int) string { return fmt.Sprintf("checkpoint%d", slot) }

func (c checkpoint) bytes() []byte {
	b := binary.BigEndian.AppendUint64(c.mark.bytes(), c.digest)
	return binary.BigEndian.AppendUint32(b, c.chunks)
}

func checkpointFrom(b []byte) (checkpoint, bool) {
	const markLen = 8 + len(stock.Hash{})
	if len(b) != markLen+12 {
		return checkpoint{}, false
	}
	m, ok := markFrom(b[:markLen])
	return checkpoint{m, binary.BigEndian.Uint64(b[markLen:]), binary.BigEndian.Uint32(b[markLen+8:])}, ok
}

// errNoCheckpoint says that a slot holds nothing that can be used.
var errNoCheckpoint = errors.New("no checkpoint")

// loadCheckpoint reads the newest checkpoint that is whole. Without one the
// journal is added up from its beginning.
func (v *view) loadCheckpoint(tx *bbolt.Tx) error {
	var problems error
	for slot := range bucketLevels {
		c, sheet, err := readCheckpoint(tx, slot)
		switch {
		case errors.Is(err, errNoCheckpoint):
			continue
		case err != nil:
			problems = errors.Join(problems, err)
			continue
		}
		v.checkpoints[slot] = c
		if c.seq > v.checkpoint.seq {
			v.checkpoint, v.sheet = c, sheet
		}
	}
	if v.base.seq > v.checkpoint.seq {
		return errors.Join(fmt.Errorf("entries up to %d are trimmed and no checkpoint has their levels", v.base.seq), problems)
	}
	return nil
}

// readCheckpoint reads one slot and checks it against its digest.
func readCheckpoint(tx *bbolt.Tx, slot int) (checkpoint, stock.Sheet, error) {
	var sheet stock.Sheet
	b, err := getMeta(tx, checkpointKey(slot))
	if err != nil {
		return checkpoint{}, sheet, err
	}
	c, ok := checkpointFrom(b)
	if !ok {
		return checkpoint{}, sheet, errNoCheckpoint
	}
	chunks := tx.Bucket(bucketState).Bucket(bucketLevels[slot])
	for n := range c.chunks {
		key := chunkKey(slot, n)
		body, ok := unsealed(string(key), chunks.Get(key))
		if !ok {
			return c, sheet, fmt.Errorf("checkpoint at entry %d: part %d is damaged", c.seq, n)
		}
		if err := addChunk(&sheet, body); err != nil {
			return c, sheet, fmt.Errorf("checkpoint at entry %d: part %d: %w", c.seq, n, err)
		}
	}
	digest := sheet.Recount()
	if digest.Root() != c.digest {
		return c, sheet, fmt.Errorf("checkpoint at entry %d: its levels do not fit its digest", c.seq)
	}
	return c, sheet, nil
}

func chunkKey(slot int, n uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{byte(slot)}, n)
}

func addChunk(sheet *stock.Sheet, body []byte) error {
	var m forestockv1.Cells
	if err := proto.Unmarshal(body, &m); err != nil {
		return err
	}
	for _, c := range m.GetCells() {
		cell := stock.Cell{SKU: stock.SKU(c.GetSku()), Lot: stock.Lot(c.GetLot()), Bin: stock.Bin(c.GetBin())}
		sheet.Set(stock.Level{Cell: cell, OnHand: c.GetOnHand(), Expiry: stock.Date(c.GetExpiry())}, stock.Date(c.GetProduced()))
	}
	return nil
}

// saving is a checkpoint on its way to the disk, a few chunks per commit.
type saving struct {
	checkpoint
	slot   int
	levels []stock.StatedLevel // still to be written
	begun  bool
}

// startSaving begins a checkpoint when enough entries came since the last one.
func (w *writer) startSaving() error {
	v := &w.view
	if w.saving != nil || v.last.seq < w.nextCheckpoint() {
		return nil
	}
	w.tried = v.last.seq
	slot := 0
	if v.checkpoints[1].seq < v.checkpoints[0].seq {
		slot = 1
	}
	levels, digest := v.sheet.State()
	w.saving = &saving{checkpoint: checkpoint{mark: v.last, digest: digest}, slot: slot, levels: levels}
	return nil
}

// saveChunk writes the next part of the checkpoint. Having no room for one is
// no reason to stop: the journal is the truth.
func (w *writer) saveChunk() error {
	s := w.saving
	r := &request{work: s.write, answer: make(chan error, 1)}
	if err := w.commit([]*request{r}); err != nil {
		return err
	}
	if err := <-r.answer; err != nil {
		w.log.Warn("checkpoint of the levels put off", "entry", s.seq, "err", err)
		w.saving = nil
	} else if len(s.levels) == 0 {
		w.saving = nil
	}
	return nil
}

func (s *saving) write(c *commit) error {
	c.dirty = true
	state := c.tx.Bucket(bucketState)
	if !s.begun {
		if err := s.clear(c, state); err != nil {
			return c.fail(err)
		}
		s.begun = true
	}
	chunks := state.Bucket(bucketLevels[s.slot])
	chunks.FillPercent = 1
	for range chunksPerCommit {
		if len(s.levels) == 0 {
			return c.fail(s.complete(c))
		}
		body, err := s.nextChunk()
		if err != nil {
			return c.fail(err)
		}
		key := chunkKey(s.slot, s.chunks)
		if err := chunks.Put(key, sealed(string(key), body)); err != nil {
			return c.fail(err)
		}
		s.chunks++
	}
	return nil
}

// clear forgets the older checkpoint, whose place this one takes.
func (s *saving) clear(c *commit, state *bbolt.Bucket) error {
	slot := s.slot
	c.publish = append(c.publish, func(v *view) { v.checkpoints[slot] = checkpoint{} })
	if err := c.tx.Bucket(bucketMeta).Delete([]byte(checkpointKey(slot))); err != nil {
		return err
	}
	if err := state.DeleteBucket(bucketLevels[slot]); err != nil {
		return err
	}
	_, err := state.CreateBucket(bucketLevels[slot])
	return err
}

func (s *saving) complete(c *commit) error {
	done, slot := s.checkpoint, s.slot
	c.publish = append(c.publish, func(v *view) { v.checkpoint, v.checkpoints[slot] = done, done })
	return putMeta(c.tx, checkpointKey(slot), done.bytes())
}

// nextChunk encodes the levels that come next, until the chunk is full.
func (s *saving) nextChunk() ([]byte, error) {
	var m forestockv1.Cells
	for size := 0; size < chunkBytes && len(s.levels) > 0; s.levels = s.levels[1:] {
		l := &s.levels[0]
		c := &forestockv1.Cell{
			Sku: string(l.SKU), Lot: string(l.Lot), Bin: string(l.Bin), OnHand: l.OnHand,
			Expiry: int32(l.Expiry), Produced: int32(l.Produced),
		}
		m.Cells = append(m.Cells, c)
		size += proto.Size(c) + 3
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(&m)
}
