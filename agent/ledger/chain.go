package ledger

import (
	"context"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// of gives what may be the entry of a number.
func (r *remains) of(seq stock.Seq) []piece {
	from, _ := slices.BinarySearchFunc(r.pieces, seq, func(p piece, seq stock.Seq) int { return compareSeq(p.seq, seq) })
	to := from
	for to < len(r.pieces) && r.pieces[to].seq == seq {
		to++
	}
	return r.pieces[from:to]
}

func compareSeq(a, b stock.Seq) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// link is an entry that follows on by its hash.
type link struct {
	piece
	record
}

// links gives the different entries that follow on after a mark. One that the
// tree leads to is the only one.
func (r *remains) links(at mark) (out []link) {
	for _, p := range r.of(at.seq + 1) {
		found, err := p.read(r.file)
		if err != nil || at.hash.Next(found.bytes) != found.hash {
			continue
		}
		if p.live {
			return []link{{p, found}}
		}
		if !slices.ContainsFunc(out, func(l link) bool { return l.hash == found.hash }) {
			out = append(out, link{p, found})
		}
	}
	return out
}

// next gives the entry that follows a mark. Where the tree is lost there may be
// two: a commit that the power cut short has left pages that nobody was answered
// for. What goes on to a page of the tree, or else longer, is what happened.
func (r *remains) next(at mark) (link, bool) {
	links := r.links(at)
	switch len(links) {
	case 0:
		return r.mended(at)
	case 1:
		return links[0], true
	}
	best, length := links[0], 0
	for _, l := range links {
		if n := r.ahead(mark{l.record.seq, l.hash}); n > length {
			best, length = l, n
		}
	}
	return best, true
}

// mended gives the entry after a mark when only the hash that is stored with it
// is damaged: then the entry behind it fits the hash that it should have.
func (r *remains) mended(at mark) (link, bool) {
	for _, p := range r.of(at.seq + 1) {
		found, err := p.read(r.file)
		if err != nil {
			continue
		}
		found.hash, found.kept = at.hash.Next(found.bytes), nil
		if len(r.links(mark{found.seq, found.hash})) > 0 {
			return link{p, found}, true
		}
	}
	return link{}, false
}

// ahead tells how far the chain goes on after a mark.
func (r *remains) ahead(at mark) (n int) {
	for n < maxAhead {
		links := r.links(at)
		if len(links) == 0 {
			return n
		}
		if links[0].live {
			return maxAhead
		}
		at = mark{links[0].record.seq, links[0].hash}
		n++
	}
	return n
}

// follow goes along the chain from a mark on, as far as it is whole.
func (r *remains) follow(ctx context.Context, at mark, fn func(link) error) (mark, error) {
	for {
		if err := ctx.Err(); err != nil {
			return at, err
		}
		l, ok := r.next(at)
		if !ok {
			return at, nil
		}
		at = mark{l.record.seq, l.hash}
		if err := fn(l); err != nil {
			return at, err
		}
	}
}

// resume finds the next place after an entry from which the chain goes on: an
// entry counts as whole only when the hash before it is known.
func (r *remains) resume(seq stock.Seq) (mark, bool) {
	i, _ := slices.BinarySearchFunc(r.pieces, seq, func(p piece, seq stock.Seq) int { return compareSeq(p.seq, seq) })
	for ; i < len(r.pieces); i++ {
		found, err := r.pieces[i].read(r.file)
		if err != nil {
			continue
		}
		at := mark{found.seq, found.hash}
		if len(r.links(at)) > 0 {
			return at, true
		}
	}
	return mark{}, false
}

// start gives the place in the chain after an entry, or the next from which it
// can be followed.
func (r *remains) start(seq stock.Seq) (mark, bool) {
	base, ok := r.base()
	if !ok && !r.epoch().IsZero() {
		base, ok = mark{hash: stock.Genesis(r.epoch())}, true
	}
	if ok && base.seq >= seq {
		return base, true
	}
	return r.resume(seq)
}

// whole goes along all entries after a mark that are whole, over every gap.
func (r *remains) whole(ctx context.Context, at mark, fn func(link) error) error {
	for {
		end, err := r.follow(ctx, at, fn)
		if err != nil {
			return err
		}
		var ok bool
		if at, ok = r.resume(end.seq + 1); !ok {
			return nil
		}
	}
}
