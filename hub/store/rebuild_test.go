package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// aged is the folder of a store that knows an item, a ledger that is closed, and
// the one that replaced it, with three receipts in it.
func aged(t *testing.T) (dir string, old, present *storetest.Box) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "store")
	s := start(t, dir, Options{})
	old, present = storetest.NewBox("wh-1", 1), storetest.NewBox("wh-1", 2)
	one(t, s, inventory.UpdateItems{Items: []stock.Item{{SKU: "milk", Name: "牛奶", Unit: stock.Piece, Pack: 1}}})
	old.Hear(one(t, s, old.Hello()))
	present.Hear(one(t, s, present.Hello()))
	present.Move(t, stock.Movement{Kind: stock.Opening, SKU: "milk", Bin: "A-01", Delta: 1})
	present.Hear(one(t, s, present.Rest(1)))
	send(t, s, present)
	send(t, s, present)
	if st, _ := s.Warehouse("wh-1"); len(st.Closed) != 1 || st.Applied != 3 {
		t.Fatalf("the store begins with %+v", st)
	}
	closeStore(t, s)
	return dir, old, present
}

// What only the hub knows comes along; everything else comes back from the agent.
func TestRebuild_IsFilledByTheAgentsAgain(t *testing.T) {
	dir, old, present := aged(t)
	r, err := Rebuild(dir, dir+".old", Options{})
	if err != nil || r.Lost != nil || r.Items != 1 || len(r.Warehouses) != 1 || r.Aside != dir+".old" {
		t.Fatalf("rebuild: %+v, %v", r, err)
	}
	s := start(t, dir, Options{})
	if _, ok := s.Item("milk"); !ok {
		t.Error("the catalogue is gone")
	}
	if st, _ := s.Warehouse("wh-1"); st.Applied != 0 || st.SKUs != 0 || len(st.Closed) != 1 || st.Enrolled.IsZero() {
		t.Errorf("the warehouse begins with %+v", st)
	}
	old.Start(3)
	if r, ok := one(t, s, old.Hello()).(*inventory.Refusal); !ok || r.Reason != inventory.ReasonEpoch {
		t.Errorf("the closed ledger is answered %v", r)
	}
	if r, ok := one(t, s, present.Batch(1, 3)).(*inventory.Refusal); !ok || r.Reason != inventory.ReasonSession {
		t.Errorf("the old session still works: %v", r)
	}
	present.Hear(one(t, s, present.Hello()))
	if present.Stored != 0 {
		t.Fatalf("the box was told that %d entries are stored", present.Stored)
	}
	present.Hear(one(t, s, present.Batch(1, 3)))
	level, _ := s.Level("wh-1", "milk")
	if st, _ := s.Warehouse("wh-1"); level.OnHand != 3 || st.Divergence != nil || st.Applied != 3 {
		t.Errorf("on hand %d, state %+v", level.OnHand, st)
	}
	closeStore(t, s)
	before := start(t, dir+".old", Options{})
	if level, _ := before.Level("wh-1", "milk"); level.OnHand != 3 {
		t.Errorf("the old store has %d on hand", level.OnHand)
	}
}

func TestRebuild_OfAStoreThatCannotBeReadBeginsWithNothing(t *testing.T) {
	dir, _, present := aged(t)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "MANIFEST") || strings.HasSuffix(f.Name(), ".log") || strings.HasSuffix(f.Name(), ".sst") {
			if err := os.WriteFile(filepath.Join(dir, f.Name()), []byte("no such luck, this was overwritten"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if p, err := Open(dir, Options{}); err == nil {
		_ = p.Close()
		t.Fatal("the damaged store opens: the test shows nothing")
	}
	r, err := Rebuild(dir, dir+".old", Options{})
	if err != nil || r.Lost == nil || r.Items != 0 || len(r.Warehouses) != 0 {
		t.Fatalf("rebuild: %+v, %v", r, err)
	}
	s := start(t, dir, Options{})
	present.Start(4)
	present.Hear(one(t, s, present.Hello()))
	present.Hear(one(t, s, present.Batch(1, 3)))
	if level, _ := s.Level("wh-1", "milk"); level.OnHand != 3 {
		t.Errorf("on hand %d", level.OnHand)
	}
}

func TestRebuild_RefusesWhatItMustNotMove(t *testing.T) {
	dir, _, _ := aged(t)
	if _, err := Rebuild(filepath.Join(dir, "nothing"), dir+".old", Options{}); !errors.Is(err, ErrNoStore) {
		t.Errorf("of nothing: %v", err)
	}
	if _, err := Rebuild(t.TempDir(), dir+".old", Options{}); !errors.Is(err, ErrNoStore) {
		t.Errorf("of an empty folder: %v", err)
	}
	if _, err := Rebuild(dir, t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "taken") {
		t.Errorf("to a place that is taken: %v", err)
	}
	s := start(t, dir, Options{})
	if _, err := Rebuild(dir, dir+".old", Options{}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("of a running store: %v", err)
	}
	if level, _ := s.Level("wh-1", "milk"); level.OnHand != 3 {
		t.Errorf("the running store has %d on hand", level.OnHand)
	}
}

// A rebuild that ended between its two renames leaves no store under its name.
func TestRebuild_IsFinishedByTheNextOne(t *testing.T) {
	dir, _, _ := aged(t)
	if _, err := Rebuild(dir, dir+".old", Options{}); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+".rebuilding"); err != nil {
		t.Fatal(err)
	}
	if _, err := Rebuild(dir, dir+".later", Options{}); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir, Options{})
	if _, ok := s.Item("milk"); !ok {
		t.Error("the catalogue is gone")
	}
}
