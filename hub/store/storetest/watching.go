package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// board is what a watcher knows: the newest level of each key.
type board struct {
	levels   map[[2]string]inventory.Level
	token    inventory.Token
	complete bool // up to the token
	taken    int  // updates about a level
}

func newBoard() *board { return &board{levels: make(map[[2]string]inventory.Level)} }

// follow takes updates until everything up to a revision was given.
func (b *board) follow(ctx context.Context, tb testing.TB, next inventory.Feed, upto inventory.Revision) {
	tb.Helper()
	for !b.complete || b.token.Revision < upto {
		b.take(ctx, tb, next)
	}
}

// take takes one update.
func (b *board) take(ctx context.Context, tb testing.TB, next inventory.Feed) {
	tb.Helper()
	u, err := next(ctx)
	if err != nil {
		tb.Fatalf("watch: %v", err)
	}
	if u.Token.Revision < b.token.Revision {
		tb.Errorf("token %s follows %s", u.Token, b.token)
	}
	b.token, b.complete = u.Token, u.Bookmark
	if u.Bookmark {
		return
	}
	key := [2]string{string(u.Level.Warehouse), string(u.Level.SKU)}
	if was := b.levels[key]; was.Revision > u.Level.Revision {
		tb.Errorf("%v goes back from revision %d to %d", key, was.Revision, u.Level.Revision)
	}
	b.levels[key] = u.Level
	b.taken++
}

// want compares the board with the levels of the store.
func (b *board) want(tb testing.TB, s Store) {
	tb.Helper()
	want := make(map[[2]string]inventory.Level)
	for _, l := range levelsOf(s) {
		want[[2]string{string(l.Warehouse), string(l.SKU)}] = l
	}
	unlike := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Applied" }, cmp.Ignore())
	if diff := cmp.Diff(want, b.levels, alike, unlike); diff != "" {
		tb.Errorf("board (-store +watched):\n%s", diff)
	}
}

// newest gives the greatest revision that a level has.
func newest(s Store) inventory.Revision {
	var r inventory.Revision
	for _, l := range levelsOf(s) {
		r = max(r, l.Revision)
	}
	return r
}

// checkWatch: a watch that runs beside the writers, one that begins late and
// one that goes on from a token after a restart all end with the levels that
// the store has; one that nobody reads stops nothing; a scope holds.
func checkWatch(tb testing.TB, open Open) {
	tb.Helper()
	dir := tb.TempDir()
	s := open(tb, dir)
	boxes := []*Box{NewBox("wh-0", 1), NewBox("wh-1", 2), NewBox("wh-2", 3)}
	if _, err := s.Watch(inventory.Token{}, inventory.Scope{}); err != nil { // never read
		tb.Fatal(err)
	}
	early := watchBeside(tb, s, boxes)
	early.want(tb, s)

	late := newBoard()
	from, err := s.Watch(inventory.Token{}, inventory.Scope{})
	must(tb, err)
	late.follow(tb.Context(), tb, from, newest(s))
	late.want(tb, s)
	if late.taken != len(late.levels) {
		tb.Errorf("a late watch gives %d updates about %d levels: it is to give the newest of each", late.taken, len(late.levels))
	}

	write(tb, s, boxes, 5)
	must(tb, s.Close())
	s = open(tb, dir)
	checkEveryToken(tb, s, late.token.Incarnation)
	write(tb, s, boxes, 5)
	goOn(tb, s, early, boxes[0])
	goOn(tb, s, late, boxes[0])
	checkEveryToken(tb, s, late.token.Incarnation)
	checkScope(tb, s)
	ctx, cancel := context.WithCancel(tb.Context())
	cancel()
	if _, err := from(ctx); !errors.Is(err, context.Canceled) {
		tb.Errorf("watch after its context ended: %v", err)
	}
}

// watchBeside watches while all boxes write.
func watchBeside(tb testing.TB, s Store, boxes []*Box) *board {
	tb.Helper()
	b := newBoard()
	next, err := s.Watch(inventory.Token{}, inventory.Scope{})
	must(tb, err)
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				b.take(tb.Context(), tb, next)
			}
		}
	})
	write(tb, s, boxes, 40)
	close(stop)
	write(tb, s, boxes, 1) // wakes a watcher that waits
	watching.Wait()
	b.follow(tb.Context(), tb, next, newest(s))
	return b
}

// goOn goes on from a board's token, up to now and to the very next revision.
func goOn(tb testing.TB, s Store, b *board, box *Box) {
	tb.Helper()
	next, err := s.Watch(b.token, inventory.Scope{})
	must(tb, err)
	b.follow(tb.Context(), tb, next, newest(s))
	b.want(tb, s)
	scurry(tb, box, rand.New(rand.NewPCG(1, 1)), 1)
	send(tb, s, box, box.Rest(1))
	b.follow(tb.Context(), tb, next, newest(s))
	b.want(tb, s)
}

// checkEveryToken: from whatever revision a watch begins, it gives exactly the
// levels that changed after it, each once.
func checkEveryToken(tb testing.TB, s Store, incarnation uint64) {
	tb.Helper()
	levels, last := levelsOf(s), newest(s)
	for from := inventory.Revision(1); from <= last; from++ {
		next, err := s.Watch(inventory.Token{Incarnation: incarnation, Revision: from}, inventory.Scope{})
		must(tb, err)
		b := newBoard()
		b.follow(tb.Context(), tb, next, last)
		want := 0
		for _, l := range levels {
			if l.Revision > from {
				want++
				if got := b.levels[[2]string{string(l.Warehouse), string(l.SKU)}]; got.Revision != l.Revision {
					tb.Errorf("watch from revision %d misses %s in %s at %d", from, l.SKU, l.Warehouse, l.Revision)
				}
			}
		}
		if len(b.levels) != want {
			tb.Errorf("watch from revision %d gives %d levels, want %d", from, len(b.levels), want)
		}
	}
}

func checkScope(tb testing.TB, s Store) {
	tb.Helper()
	for _, scope := range []inventory.Scope{
		{Warehouses: []stock.Warehouse{"wh-2", "wh-1"}},
		{SKUs: []stock.SKU{"rice", "nothing"}},
		{Warehouses: []stock.Warehouse{"wh-1"}, SKUs: []stock.SKU{"salt", "milk"}},
	} {
		next, err := s.Watch(inventory.Token{}, scope)
		must(tb, err)
		got := newBoard()
		got.follow(tb.Context(), tb, next, newest(s))
		want := 0
		for _, l := range levelsOf(s) {
			if in(scope.Warehouses, l.Warehouse) && in(scope.SKUs, l.SKU) {
				want++
				if _, ok := got.levels[[2]string{string(l.Warehouse), string(l.SKU)}]; !ok {
					tb.Errorf("watch of %v misses %s in %s", scope, l.SKU, l.Warehouse)
				}
			}
		}
		if len(got.levels) != want {
			tb.Errorf("watch of %v gives %d levels, want %d", scope, len(got.levels), want)
		}
	}
}

func in[T comparable](list []T, x T) bool {
	return len(list) == 0 || slices.Contains(list, x)
}

// write lets all boxes work and send at once.
func write(tb testing.TB, s Store, boxes []*Box, rounds int) {
	tb.Helper()
	var wg sync.WaitGroup
	for i, b := range boxes {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(b.Last()), uint64(i)))
			for range rounds {
				if b.Session == 0 {
					send(tb, s, b, b.Hello())
				}
				scurry(tb, b, r, 1+r.IntN(6))
				send(tb, s, b, b.Rest(10))
			}
		})
	}
	wg.Wait()
}

func send(tb testing.TB, s Store, b *Box, c inventory.Command) {
	tb.Helper()
	results, err := s.Apply(tb.Context(), c)
	if err != nil {
		tb.Errorf("Apply: %v", err)
		return
	}
	if r, ok := results[0].(*inventory.Refusal); ok {
		tb.Errorf("Apply of %T: %s", c, r)
	}
	b.Hear(results[0])
}

// checkTokens: a watch cannot go on from a token that is not of this life of
// the store, nor from its future.
func checkTokens(tb testing.TB, open Open) {
	tb.Helper()
	s, other := open(tb, tb.TempDir()), open(tb, tb.TempDir())
	write(tb, s, []*Box{NewBox("wh-0", 1)}, 3)
	b := newBoard()
	next, err := s.Watch(inventory.Token{}, inventory.Scope{})
	must(tb, err)
	b.follow(tb.Context(), tb, next, newest(s))
	future := b.token
	future.Revision++
	for name, tt := range map[string]struct {
		store Store
		token inventory.Token
	}{
		"another store": {other, b.token},
		"the future":    {s, future},
	} {
		if _, err := tt.store.Watch(tt.token, inventory.Scope{}); !errors.Is(err, inventory.ErrTokenTooOld) {
			tb.Errorf("watch from a token of %s: %v, want ErrTokenTooOld", name, err)
		}
	}
	if text := fmt.Sprint(b.token); text == "" {
		tb.Errorf("token %+v has no text", b.token)
	} else if again, err := inventory.ParseToken(text); err != nil || again != b.token {
		tb.Errorf("ParseToken(%q) = %v, %v", text, again, err)
	}
}
