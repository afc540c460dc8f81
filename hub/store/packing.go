package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

var errRow = errors.New("damaged row")

// packer appends the fields of a row to b.
type packer struct{ b []byte }

func (p *packer) uint(v uint64)  { p.b = binary.AppendUvarint(p.b, v) }
func (p *packer) int(v int64)    { p.b = binary.AppendVarint(p.b, v) }
func (p *packer) fixed(v []byte) { p.b = append(p.b, v...) }

func (p *packer) text(s string) {
	p.uint(uint64(len(s)))
	p.b = append(p.b, s...)
}

// time keeps milliseconds; the zero time is its own value.
func (p *packer) time(t time.Time) {
	if t.IsZero() {
		p.int(0)
		return
	}
	p.int(t.UnixMilli() + 1)
}

// unpacker takes the fields of a row off s. Texts are parts of s, so s must
// never change. The first error sticks, and every field after it is zero.
type unpacker struct {
	s   string
	err error
}

func (u *unpacker) fail(what string) {
	if u.err == nil {
		u.err = fmt.Errorf("%w: %s", errRow, what)
	}
	u.s = ""
}

func (u *unpacker) uint() uint64 {
	var v uint64
	for i := 0; i < len(u.s); i++ {
		c := u.s[i]
		if i == binary.MaxVarintLen64-1 && c > 1 {
			break
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			u.s = u.s[i+1:]
			return v
		}
	}
	u.fail("number")
	return 0
}

func (u *unpacker) int() int64 {
	v := u.uint()
	return int64(v>>1) ^ -int64(v&1)
}

// count reads how many things follow, each at least one byte long, so that a
// damaged row cannot ask for more memory than it has bytes.
func (u *unpacker) count() int {
	n := u.uint()
	if n > uint64(len(u.s)) {
		u.fail("count")
		return 0
	}
	return int(n)
}

func (u *unpacker) text() string {
	n := u.count()
	s := u.s[:n]
	u.s = u.s[n:]
	return s
}

func (u *unpacker) fixed(into []byte) {
	if len(u.s) < len(into) {
		u.fail("fixed bytes")
		return
	}
	copy(into, u.s)
	u.s = u.s[len(into):]
}

func (u *unpacker) time() time.Time {
	ms := u.int()
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms - 1).UTC()
}

// end gives the first error; bytes that are left over are one.
func (u *unpacker) end() error {
	if u.err == nil && u.s != "" {
		u.fail("bytes left over")
	}
	return u.err
}
