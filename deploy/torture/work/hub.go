package work

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Hub is the hub's store under torture. The book, a pure state machine, is the
// oracle: after a crash the store must be what the book is after exactly the
// commands that were saved.
type Hub struct{}

// Env is part of Work.
func (Hub) Env(path string, first, count int) []string { return env("hub", path, first, count) }

var (
	hubEpoch = stock.Epoch{0xE}
	hubBoot  = inventory.Boot{0xB}
	hubTime  = time.Unix(1_700_000_000, 0)
)

func hubOptions() store.Options {
	// A small memtable, so that flushes and compactions happen within a few commands.
	return store.Options{Book: inventory.Config{AutoEnrol: true}, MemTableBytes: 64 << 10}
}

// script gives the hub's commands one after the other: hello, then runs of
// entries, and catalogue items in between.
type script struct {
	n       int
	last    stock.Seq
	head    stock.Hash
	session func() inventory.Session // the one that the hello was given
}

// sessionOf gives the session that a store has open.
func sessionOf(p *store.Pebble) func() inventory.Session {
	return func() inventory.Session {
		w, _ := p.Warehouse(Warehouse)
		return w.Box.Session
	}
}

func (s *script) next() (inventory.Command, error) {
	n := s.n
	s.n++
	switch {
	case n == 0:
		s.head = stock.Genesis(hubEpoch)
		return inventory.Hello{
			Warehouse: Warehouse, Boot: hubBoot, Nonce: 1, NewDownEpoch: stock.Epoch{0xD},
			Position: stock.Position{Epoch: hubEpoch, First: 1, Head: s.head},
		}, nil
	case n%10 == 5:
		return inventory.UpdateItems{Items: []stock.Item{{SKU: stock.SKU(fmt.Sprintf("S%02d", n%40)), Name: "白菜", Unit: stock.Gram, Price: int64(n)}}}, nil
	}
	return s.run(n)
}

func (s *script) run(n int) (inventory.Command, error) {
	batch := stock.Batch{From: s.last + 1, Prev: s.head}
	c := Command(n)
	for p, m := range c.Movements {
		b, err := wire.EncodeEntry(&stock.Entry{Seq: s.last + 1, Command: c.ID, Part: p, Movement: m})
		if err != nil {
			return nil, err
		}
		s.last++
		batch.Entries = append(batch.Entries, b)
	}
	s.head = batch.Head()
	return inventory.NewIngest(Warehouse, hubEpoch, s.session(), batch, nil, batch.To()), nil
}

// skip goes past the first n commands.
func (s *script) skip(n int) error {
	for s.n < n {
		if _, err := s.next(); err != nil {
			return err
		}
	}
	return nil
}

func bookHub(ctx context.Context, path string, first, count int, out io.Writer) error {
	return withHub(ctx, path, func(p *store.Pebble) error {
		fmt.Fprintln(out, "open")
		s := script{session: sessionOf(p)}
		if err := s.skip(first); err != nil {
			return err
		}
		for n := first; n < first+count; n++ {
			if err := apply(ctx, p, &s); err != nil {
				return fmt.Errorf("command %d: %w", n, err)
			}
			fmt.Fprintf(out, "saved %d 0 0\n", n)
		}
		return nil
	})
}

func withHub(ctx context.Context, path string, f func(*store.Pebble) error) error {
	p, err := store.Open(path, hubOptions())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- p.Run(ctx) }()
	err = f(p)
	cancel()
	return errors.Join(err, <-ran, p.Close())
}

func apply(ctx context.Context, p *store.Pebble, s *script) error {
	c, err := s.next()
	if err != nil {
		return err
	}
	results, err := p.Apply(ctx, c)
	if err != nil {
		return err
	}
	if refusal, refused := results[0].(*inventory.Refusal); refused {
		return fmt.Errorf("refused: %v", refusal)
	}
	return nil
}

// Check is part of Work.
func (Hub) Check(ctx context.Context, path string, saved []Saved, inFlight int) (r Report, err error) {
	n := next(saved)
	r.Again = Saved{N: n}
	began := time.Now()
	err = withHub(ctx, path, func(p *store.Pebble) error {
		r.Reopening = time.Since(began)
		found, err := position(p, n, n+inFlight)
		if err != nil {
			return err
		}
		r.Ahead = found - n
		s := script{session: sessionOf(p)}
		if err := s.skip(n); err != nil {
			return err
		}
		if err := apply(ctx, p, &s); err != nil {
			return fmt.Errorf("ask again for command %d: %w", n, err)
		}
		_, err = position(p, max(found, n+1), max(found, n+1))
		return err
	})
	return r, err
}

// position finds how many commands, between two numbers, the store has taken:
// exactly those and nothing else.
func position(p *store.Pebble, from, to int) (int, error) {
	book := inventory.NewBook(inventory.Config{AutoEnrol: true})
	var session inventory.Session
	s := script{session: func() inventory.Session { return session }}
	differs := errors.New("no such number of entries")
	stored, _ := p.Warehouse(Warehouse)
	for n := 0; n <= to && s.last <= stored.Applied; n++ {
		if n >= from && s.last == stored.Applied {
			if differs = compare(p, book); differs == nil {
				return n, nil
			}
		}
		c, err := s.next()
		if err != nil {
			return 0, err
		}
		results, _ := book.Apply(hubTime, []inventory.Command{c})
		if welcome, ok := results[0].(inventory.Welcome); ok {
			session = welcome.Session
		}
	}
	return 0, fmt.Errorf("the store is not what %d to %d commands make: %w", from, to, differs)
}

// compare holds the store against the book, but for the times of the clock.
func compare(p *store.Pebble, book *inventory.Book) error {
	want := inventory.WarehouseState{}
	rows := book.Rows()
	if len(rows.Warehouses) > 0 {
		want = rows.Warehouses[0]
	}
	got, _ := p.Warehouse(Warehouse)
	// A session's number and age come from the clock.
	got.Box.Session, got.Box.Since = want.Box.Session, want.Box.Since
	if got.Applied != want.Applied || got.Head != want.Head || got.Digest != want.Digest || got.Box != want.Box {
		return fmt.Errorf("warehouse at entry %d, digest %x, box %+v; want entry %d, %x, %+v", got.Applied, got.Digest, got.Box, want.Applied, want.Digest, want.Box)
	}
	for i := range rows.Levels {
		w := &rows.Levels[i]
		g, ok := p.Level(w.Warehouse, w.SKU)
		if !ok || g.OnHand != w.OnHand || g.Revision != w.Revision || !reflect.DeepEqual(g.Lots, w.Lots) {
			return fmt.Errorf("level of %s is %+v, want %+v", w.SKU, g, *w)
		}
	}
	items := p.Items("", 1000)
	if len(items) != len(rows.Items) {
		return fmt.Errorf("%d items, want %d", len(items), len(rows.Items))
	}
	for _, w := range rows.Items {
		if g, ok := p.Item(w.SKU); !ok || !reflect.DeepEqual(g, w.Item) {
			return fmt.Errorf("item %s is %+v, want %+v", w.SKU, g, w.Item)
		}
	}
	return nil
}
