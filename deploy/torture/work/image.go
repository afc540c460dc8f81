package work

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// Content is everything that a ledger promises to give back.
type Content struct {
	Position stock.Position
	Down     stock.DownPosition
	Stored   stock.Seq
	Entries  [][]byte
	Levels   []stock.Level
	Items    []stock.Item
}

// Prepare makes a ledger with entries, a catalogue, a checkpoint and trimmed
// history in it, and gives its content.
func Prepare(ctx context.Context, path string, commands int) (c Content, err error) {
	err = use(ctx, path, func(l *ledger.Ledger) error {
		for n := range commands {
			receipt, err := l.Append(ctx, Command(n))
			if err != nil {
				return err
			}
			if err := l.Stored(ctx, receipt.To-receipt.To/4); err != nil {
				return err
			}
		}
		down := stock.DownBatch{Epoch: stock.Epoch{1}, From: 1}
		for n := range 40 {
			down.Entries = append(down.Entries, stock.Down{Item: &stock.Item{
				SKU: stock.SKU(fmt.Sprintf("S%02d", n)), Name: "白菜", Unit: stock.Gram, Bin: "A-1-01-01", Zone: stock.Chilled, ShelfLife: 5, Price: int64(100 + n),
			}})
		}
		_, err := l.ApplyDown(ctx, down)
		return err
	})
	if err != nil {
		return c, err
	}
	return Look(ctx, path)
}

// Look opens a ledger and reads everything in it.
func Look(ctx context.Context, path string) (c Content, err error) {
	err = use(ctx, path, func(l *ledger.Ledger) error {
		s := l.Status()
		c = Content{Position: l.Position(), Down: l.DownPosition(), Stored: s.Stored}
		for after := c.Position.First - 1; ; {
			batch, _, err := l.Read(ctx, after, 512, 256<<10)
			if err != nil {
				return err
			}
			if len(batch.Entries) == 0 {
				break
			}
			c.Entries = append(c.Entries, batch.Entries...)
			after = batch.To()
		}
		for n := range 40 {
			c.Levels = append(c.Levels, l.Levels(stock.SKU(fmt.Sprintf("S%02d", n)))...)
		}
		c.Items = slices.SortedFunc(l.Items(), func(a, b stock.Item) int { return cmp.Compare(a.SKU, b.SKU) })
		return nil
	})
	return c, err
}

func use(ctx context.Context, path string, f func(*ledger.Ledger) error) error {
	l, err := ledger.Open(path, Options())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	err = f(l)
	cancel()
	return errors.Join(err, <-ran, l.Close())
}
