package work

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/forestock/forestock/proto/stock"
)

func TestMend_ALostLedgerComesBackFromTheHub(t *testing.T) {
	dir := t.TempDir()
	saved := []Saved{{N: 99}}
	m, err := Ledger{}.Mend(t.Context(), dir, filepath.Join(dir, "nothing"), stock.Epoch{1}, saved)
	if err != nil || !m.Reborn {
		t.Errorf("%+v, %v; want a new ledger with the hub's levels", m, err)
	}
}

// TestMend_AHubThatLacksSomethingIsCaught is the negative control.
func TestMend_AHubThatLacksSomethingIsCaught(t *testing.T) {
	dir := t.TempDir()
	saved := []Saved{{N: 99}}
	m, err := Ledger{HubLacks: 5}.Mend(t.Context(), dir, filepath.Join(dir, "nothing"), stock.Epoch{1}, saved)
	if !errors.Is(err, errWrong) {
		t.Errorf("%+v, %v; want %v", m, err, errWrong)
	}
}
