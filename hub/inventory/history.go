package inventory

import (
	"errors"
	"fmt"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// StoredEntry is one entry of a warehouse's ledger, as the hub keeps it.
type StoredEntry struct {
	Epoch  stock.Epoch
	Entry  stock.Entry
	Raw    []byte    // the entry's bytes as the agent's ledger keeps them
	Stored time.Time // when the hub stored it
	// OnHandAfter is the level of the SKU, over all lots and bins, after it.
	OnHandAfter int64
}

// Quarantined is an entry that could not be applied and was set aside.
type Quarantined struct {
	Warehouse stock.Warehouse
	Epoch     stock.Epoch
	Place     Place // its position in the ledger
	Raw       []byte
	Reason    string
	Stored    time.Time
	Discarded *Discarded // nil until somebody has decided that it does not count
	Retried   *Retried   // nil until somebody had it applied
}

// Cursor is where a listing goes on. It is opaque; empty begins at the newest.
type Cursor string

// ErrCursor is wrapped by the error about a cursor that no listing gave out.
var ErrCursor = errors.New("no cursor of this listing")

// Cursor gives the cursor of a listing that goes on at p.
func (p Place) Cursor() Cursor { return Cursor(fmt.Sprintf("%d.%d", p.Term, p.Seq)) }

// Place reads the cursor back; the zero Place for the empty cursor.
func (c Cursor) Place() (Place, error) {
	if c == "" {
		return Place{}, nil
	}
	var p Place
	if _, err := fmt.Sscanf(string(c), "%d.%d", &p.Term, &p.Seq); err != nil || p.Cursor() != c {
		return Place{}, fmt.Errorf("cursor %.40q: %w", string(c), ErrCursor)
	}
	return p, nil
}
