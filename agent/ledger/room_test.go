package ledger_test

import (
	"errors"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

func TestRoom_IsGoneWhenNewWorkIsRefused(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{Warehouse: warehouse, MaxSize: 2 << 20, NoPreallocate: true})
	before := l.Room()
	if before < 1<<20 || before >= 2<<20 {
		t.Fatalf("a new ledger of 2 MiB has room for %d bytes", before)
	}
	for i := 0; ; i++ {
		c := stock.Command{ID: strconv.Itoa(i)}
		for part := range 100 {
			c.Movements = append(c.Movements, scanned(part))
		}
		_, err := l.Append(t.Context(), c)
		if errors.Is(err, ledger.ErrFull) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if l.Room() > before {
			t.Fatalf("room grew from %d to %d bytes by appending", before, l.Room())
		}
	}
	if got := l.Room(); got != 0 {
		t.Errorf("new work is refused, and there is room for %d bytes", got)
	}
}
