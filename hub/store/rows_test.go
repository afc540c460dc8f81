package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// kinds are the rows, each with a way to read it and write it again.
var kinds = []struct {
	name   string
	repack func(row string) ([]byte, error) // unpacks and packs
}{
	{"level", func(row string) ([]byte, error) {
		l, err := unpackLevel("w", "s", row)
		return packLevel(nil, &l), err
	}},
	{"lot", func(row string) ([]byte, error) {
		expiry, produced, err := unpackLot(row)
		return packLot(nil, &inventory.LotRow{LotInfo: stock.LotInfo{Expiry: expiry, Produced: produced}}), err
	}},
	{"warehouse", func(row string) ([]byte, error) {
		s, err := unpackWarehouse("w", row)
		return packWarehouse(nil, &s), err
	}},
	{"down", func(row string) ([]byte, error) {
		d, err := unpackDown(row)
		return packDown(nil, &d), err
	}},
	{"item", func(row string) ([]byte, error) {
		it, err := unpackItem(row)
		if err != nil {
			return nil, err
		}
		return packItem(nil, &it)
	}},
	{"quarantined", func(row string) ([]byte, error) {
		q, err := unpackQuarantined("w", inventory.Place{}, row)
		return packQuarantined(nil, &q), err
	}},
}

// FuzzRows: whatever is in a row, reading it never panics; and what reads,
// reads the same once it is written again.
func FuzzRows(f *testing.F) {
	f.Add(packLevel(nil, sampleLevel()))
	f.Add(packWarehouse(nil, sampleWarehouse()))
	f.Add(packDown(nil, &inventory.DownState{Epoch: stock.Epoch{1}, Stored: 4, Pending: []inventory.DownKey{{Item: "milk"}}, Waiting: 2, Version: 9}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, row []byte) {
		for _, k := range kinds {
			once, err := k.repack(string(row))
			if err != nil {
				continue
			}
			twice, err := k.repack(string(once))
			if err != nil || string(twice) != string(once) {
				t.Errorf("%s row %x becomes %x, then %x, %v", k.name, row, once, twice, err)
			}
		}
		_, _, _ = unpackKept(string(row), stock.Seq(len(row)))
	})
}

func sampleLevel() *inventory.Level {
	return &inventory.Level{
		Warehouse: "w", SKU: "s", OnHand: -3, Held: 1, Committed: 2, Safety: 3, Newest: inventory.Place{Term: 2, Seq: 900}, Revision: 1 << 40,
		Lots: []inventory.LotLevel{
			{Lot: "A1", Expiry: 20270131, Produced: 20261101, OnHand: 5, Bins: []inventory.BinLevel{{Bin: "", OnHand: 4}, {Bin: "C-1", OnHand: 1}}},
			{OnHand: -8, Bins: []inventory.BinLevel{{Bin: "C-2", OnHand: -8}}},
		},
	}
}

func sampleWarehouse() *inventory.WarehouseState {
	at := time.UnixMilli(1_800_000_000_123).UTC()
	return &inventory.WarehouseState{
		Warehouse: "w", Enrolled: at, Box: inventory.Box{Epoch: stock.Epoch{1}, Boot: inventory.Boot{2}, Nonce: 3, Session: 4, Since: at, Software: "1.0"},
		Candidate: &inventory.Box{Epoch: stock.Epoch{5}}, Newest: 1 << 50, Applied: 6, Head: stock.Hash{7}, Last: 8, Stored: at,
		SKUs: 9, Cells: 10, Digest: 1 << 63, Quarantined: 11, Divergence: &inventory.Divergence{Seq: 6, Hub: 1, Agent: 2, Since: at},
		Closed:     []inventory.ClosedEpoch{{Epoch: stock.Epoch{12}, Last: 13, Head: stock.Hash{14}, Closed: at}},
		Superseded: []inventory.OldBoot{{Boot: inventory.Boot{15}, Nonce: 16}}, Clones: 17, Cloned: at,
	}
}

func TestRows_ComeBackAsTheyWere(t *testing.T) {
	level, err := unpackLevel("w", "s", string(packLevel(nil, sampleLevel())))
	if diff := cmp.Diff(*sampleLevel(), level); diff != "" || err != nil {
		t.Errorf("level: %v\n%s", err, diff)
	}
	ware, err := unpackWarehouse("w", string(packWarehouse(nil, sampleWarehouse())))
	if diff := cmp.Diff(*sampleWarehouse(), ware); diff != "" || err != nil {
		t.Errorf("warehouse: %v\n%s", err, diff)
	}
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Make[inventory.DownState]().Draw(t, "down")
		want.Waiting = max(0, want.Waiting)
		got, err := unpackDown(string(packDown(nil, &want)))
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("down: %v\n%s", err, diff)
		}
		run := inventory.Run{Entries: rapid.SliceOfN(rapid.Make[inventory.Kept](), 1, 9).Draw(t, "entries")}
		row := string(packRun(nil, &run, time.UnixMilli(5)))
		for i, kept := range run.Entries {
			kept.SKU = "" // it is in the entry's own bytes
			got, stored, err := unpackKept(row, stock.Seq(i))
			if diff := cmp.Diff(kept, got, cmpopts.EquateEmpty()); diff != "" || err != nil || stored.UnixMilli() != 5 {
				t.Errorf("entry %d of a run: %v\n%s", i, err, diff)
			}
		}
		if _, _, err := unpackKept(row, stock.Seq(len(run.Entries))); err == nil {
			t.Error("a run has an entry behind its last")
		}
	})
}

func TestRows_EveryCutIsNoticed(t *testing.T) {
	for kind, row := range map[string][]byte{"level": packLevel(nil, sampleLevel()), "warehouse": packWarehouse(nil, sampleWarehouse())} {
		for _, k := range kinds {
			for n := 0; k.name == kind && n < len(row); n++ {
				if _, err := k.repack(string(row[:n])); err == nil {
					t.Errorf("a %s cut after %d of %d bytes reads", kind, n, len(row))
				}
			}
		}
	}
}
