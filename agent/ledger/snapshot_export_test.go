package ledger

import (
	"context"

	"github.com/forestock/forestock/proto/stock"
)

// CopyTo is the first half of Snapshot, without looking at the free space.
func (l *Ledger) CopyTo(ctx context.Context, temp string) (stock.Position, error) {
	return l.copyTo(ctx, temp)
}

// Admit is its second half.
func Admit(ctx context.Context, temp, path string, want stock.Position) error {
	_, err := admit(ctx, temp, path, want)
	return err
}
