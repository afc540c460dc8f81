package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// Watch gives every level in the scope that changed after the token, and then
// each one again when it changes. It is about states, not about every step
// between them: of a level that changed many times it gives the newest. No
// change is missed, the revisions of a level never go back, and what comes
// before a bookmark is complete up to the bookmark's token. However slow the
// reader is, nobody waits for it.
//
// The error wraps inventory.ErrTokenTooOld when the token is of another life
// of the store.
func (p *Pebble) Watch(since inventory.Token, of inventory.Scope) (inventory.Feed, error) {
	if since != (inventory.Token{}) && (since.Incarnation != p.incarnation || since.Revision > p.view.log.revision()) {
		return nil, fmt.Errorf("watch from %s: %w: the store has begun anew since, watch without a token", since, inventory.ErrTokenTooOld)
	}
	f := &feed{view: p.view, token: inventory.Token{Incarnation: p.incarnation, Revision: since.Revision}}
	f.warehouses = slices.Compact(slices.Sorted(slices.Values(of.Warehouses)))
	f.skus = slices.Compact(slices.Sorted(slices.Values(of.SKUs)))
	return f.next, nil
}

// feed is one watch. It belongs to one goroutine.
type feed struct {
	view       *view
	warehouses []stock.Warehouse // sorted; empty is all
	skus       []stock.SKU       // sorted; empty is all
	token      inventory.Token   // everything up to it has been given
	queue      []hit             // what to give next, by revision
	until      inventory.Revision
	marked     bool // a bookmark was given since the last level
}

// hit is a level that changed, captured so that its order stays what it was
// however slowly the queue is given out.
type hit struct {
	revision inventory.Revision
	shop     *shop
	shelf    *shelf
	face     face
	moment   moment
}

func capture(s *shop, sh *shelf) hit {
	h := hit{shop: s, shelf: sh, moment: s.moment()}
	h.face = sh.shown()
	h.revision = h.face.revision
	return h
}

func (f *feed) next(ctx context.Context) (inventory.Update, error) {
	for {
		if err := ctx.Err(); err != nil {
			return inventory.Update{}, err
		}
		if len(f.queue) > 0 {
			return f.give(), nil
		}
		changed := f.view.changed.wait() // before looking, or the change in between is missed
		if f.look() {
			continue
		}
		if !f.marked {
			f.marked = true
			return inventory.Update{Token: f.token, Bookmark: true}, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (f *feed) give() inventory.Update {
	h := f.queue[0]
	f.queue = f.queue[1:]
	// Revisions past until were captured early: they come again.
	f.token.Revision = min(h.revision, f.until)
	if len(f.queue) == 0 {
		f.queue, f.token.Revision = nil, f.until
	}
	f.marked = false
	return inventory.Update{Level: f.view.level(h.shop, h.shelf, h.face, h.moment), Token: f.token}
}

// look takes the next changes from the log, and reports whether there were any.
func (f *feed) look() bool {
	marks, ok := f.view.log.after(f.token.Revision)
	if !ok {
		f.scan()
		return true
	}
	if len(marks) == 0 {
		return false
	}
	for _, m := range marks {
		h := capture(m.shop, m.shelf)
		// A level that is newer than its mark has another mark further on.
		if f.includes(m.shop.id, m.shelf.sku) && h.revision == m.revision {
			f.queue = append(f.queue, h)
		}
	}
	f.until = marks[len(marks)-1].revision
	if len(f.queue) == 0 {
		f.token.Revision = f.until
	}
	return true
}

// scan looks through all levels, where the log does not reach back far enough.
func (f *feed) scan() {
	f.until = f.view.log.revision() // first: what is published later is in the log
	for _, s := range *f.view.shops.Load() {
		if !has(f.warehouses, s.id) {
			continue
		}
		for _, sh := range f.shelves(s) {
			if h := capture(s, sh); h.revision > f.token.Revision {
				f.queue = append(f.queue, h)
			}
		}
	}
	slices.SortFunc(f.queue, func(a, b hit) int { return cmp.Compare(a.revision, b.revision) })
	if len(f.queue) == 0 {
		f.token.Revision = f.until
	}
}

// shelves gives those of a shop that are in the scope.
func (f *feed) shelves(s *shop) []*shelf {
	if len(f.skus) == 0 {
		return *s.shelves.Load()
	}
	var out []*shelf
	for _, sku := range f.skus {
		if sh := s.shelf(sku); sh != nil {
			out = append(out, sh)
		}
	}
	return out
}

func (f *feed) includes(w stock.Warehouse, sku stock.SKU) bool {
	return has(f.warehouses, w) && has(f.skus, sku)
}

// has reports whether a sorted list holds x; an empty list stands for all.
func has[T cmp.Ordered](list []T, x T) bool {
	if len(list) == 0 {
		return true
	}
	_, ok := slices.BinarySearch(list, x)
	return ok
}
