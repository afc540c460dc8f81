package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Filter picks entries. The zero Filter picks all.
type Filter struct {
	From, To stock.Seq // first and last number; 0 is no bound
	SKU      stock.SKU // only entries of this SKU
	Tail     int       // only the newest so many of those; 0 is all
}

// Show writes the entries of a ledger file as lines for people. It fails with
// ErrLocked while an agent runs on the file, and stops at the first damage.
func Show(ctx context.Context, path string, w io.Writer, f Filter) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(table, "SEQ\tTIME\tKIND\tSKU\tLOT\tBIN\tQTY\tWHO\tWHERE\tDOCUMENT\tNOTE\tCOMMAND")
	if err != nil {
		return err
	}
	err = entries(ctx, path, f, func(_ stock.Hash, e *stock.Entry) error {
		bin := string(e.Bin)
		if e.To != "" {
			bin += "→" + string(e.To)
		}
		_, err := fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%+d\t%s\t%s\t%s\t%s\t%s/%d\n",
			e.Seq, e.Time.Format(time.DateTime), e.Kind, e.SKU, e.Lot, bin, e.Delta, e.Operator, e.Station, e.Document, note(e), e.Command, e.Part)
		return err
	})
	return errors.Join(err, table.Flush())
}

func note(e *stock.Entry) string {
	switch {
	case e.Count != nil:
		return fmt.Sprintf("counted %d, book had %d", e.Count.Counted, e.Count.Seen)
	case e.Undoes != 0:
		return fmt.Sprintf("undoes %d", e.Undoes)
	}
	return e.Reason
}

// entries calls fn with the entries of a file that a filter picks, in order.
func entries(ctx context.Context, path string, f Filter, fn func(stock.Hash, *stock.Entry) error) (err error) {
	db, _, err := openReading(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	p := pager{db: db, path: path}
	if f.Tail <= 0 {
		return p.each(ctx, f, fn)
	}
	newest := make([]picked, 0, f.Tail)
	err = p.each(ctx, f, func(h stock.Hash, e *stock.Entry) error {
		if len(newest) == f.Tail {
			newest = append(newest[:0], newest[1:]...)
		}
		newest = append(newest, picked{h, *e})
		return nil
	})
	for i := range newest {
		if err := fn(newest[i].hash, &newest[i].entry); err != nil {
			return err
		}
	}
	return err
}

type picked struct {
	hash  stock.Hash
	entry stock.Entry
}

// each calls fn with the entries from f.From to f.To of f.SKU.
func (p pager) each(ctx context.Context, f Filter, fn func(stock.Hash, *stock.Entry) error) error {
	after, last, err := p.bounds(f)
	if err != nil {
		return err
	}
	for after < last {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch, err := p.read(after, last, readEntries, readBytes)
		if err != nil {
			return err
		}
		hash := batch.Prev
		for _, b := range batch.Entries {
			hash = hash.Next(b)
			e, err := wire.DecodeEntry(b)
			if err != nil {
				return err
			}
			if f.SKU != "" && e.SKU != f.SKU {
				continue
			}
			if err := fn(hash, &e); err != nil {
				return err
			}
		}
		after = batch.To()
	}
	return nil
}

// bounds gives the entries between which a filter picks, as far as they are kept.
func (p pager) bounds(f Filter) (after, last stock.Seq, err error) {
	if last, err = p.newest(); err != nil {
		return 0, 0, err
	}
	base, err := p.base()
	if err != nil {
		return 0, 0, err
	}
	if f.To != 0 {
		last = min(last, f.To)
	}
	if f.From > 0 {
		after = f.From - 1
	}
	after = max(after, base.seq)
	if f.Tail > 0 && f.SKU == "" && last > stock.Seq(f.Tail) {
		after = max(after, last-stock.Seq(f.Tail))
	}
	return after, last, nil
}
