package stock

import (
	"crypto/sha256"
	"encoding/binary"
)

// Buckets is the number of parts that a digest splits the cells into, so that
// two sides that differ need to compare only the cells of a few parts.
const Buckets = 256

// Digest sums up the levels of all cells: for every bucket, the sum over its
// cells of weight(cell) × quantity, modulo 2^64. The sum does not depend on the
// order of the movements and costs one hash each. Weights are odd, so a
// difference in a single cell always shows.
type Digest [Buckets]uint64

// Add adds delta base units at c.
func (d *Digest) Add(c Cell, delta int64) {
	bucket, weight := c.place()
	d[bucket] += weight * uint64(delta)
}

// Root folds the buckets into one number, the one that travels on batches.
func (d *Digest) Root() uint64 {
	var buf [Buckets * 8]byte
	for i, v := range d {
		binary.BigEndian.PutUint64(buf[i*8:], v)
	}
	sum := sha256.Sum256(buf[:])
	return binary.BigEndian.Uint64(sum[:])
}

// Bucket tells which bucket a cell belongs to.
func (c Cell) Bucket() int {
	bucket, _ := c.place()
	return int(bucket)
}

func (c Cell) place() (bucket uint8, weight uint64) {
	buf := make([]byte, 0, 96)
	buf = append(buf, c.SKU...)
	buf = append(buf, 0) // no text may hold a control character, so 0 separates
	buf = append(buf, c.Lot...)
	buf = append(buf, 0)
	buf = append(buf, c.Bin...)
	sum := sha256.Sum256(buf)
	return sum[31], binary.BigEndian.Uint64(sum[:]) | 1
}
