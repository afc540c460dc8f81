package store

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
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
	{"event", func(row string) ([]byte, error) {
		e, err := unpackEvent(row)
		return packEvent(nil, &e), err
	}},
	{"policy", func(row string) ([]byte, error) {
		p, err := unpackPolicy("w", 7, row)
		return packPolicy(nil, &p), err
	}},
	{"quarantined", func(row string) ([]byte, error) {
		q, err := unpackQuarantined("w", inventory.Place{}, row)
		return packQuarantined(nil, &q), err
	}},
	{"retried", func(row string) ([]byte, error) {
		r, err := unpackRetried("w", inventory.Place{}, row)
		return packRetried(nil, &r), err
	}},
	{"repaired", func(row string) ([]byte, error) {
		r, err := unpackRepaired("w", 1, row)
		return packRepaired(nil, &r), err
	}},
}

// FuzzRows: whatever is in a row, reading it never panics; and what reads,
// reads the same once it is written again.
func FuzzRows(f *testing.F) {
	f.Add(packLevel(nil, sampleLevel()))
	f.Add(packWarehouse(nil, sampleWarehouse()))
	f.Add(packEvent(nil, sampleEvent()))
	f.Add(packPolicy(nil, samplePolicy()))
	f.Add(packDown(nil, &inventory.DownState{Epoch: stock.Epoch{1}, Stored: 4, Pending: []inventory.DownKey{{Item: "milk"}}, Waiting: 2, Version: 9}))
	f.Add(packRetried(nil, sampleRetried()))
	f.Add(packRepaired(nil, sampleRepaired()))
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
		_, _ = split(string(row))
		_, _ = headOf(string(row))
		_ = refsOf(string(row), 1, 2)
	})
}

func sampleEvent() *inventory.Event {
	at := time.UnixMilli(1_800_000_000_123).UTC()
	return &inventory.Event{Type: inventory.EventPicked, Time: at, Reservation: &inventory.Reservation{
		ID: "o-1", Payload: 1 << 60, Warehouse: "w", Ref: "ref", Channel: "app", State: inventory.Confirmed, TTL: time.Minute,
		Lines: []inventory.ReservationLine{
			{
				SKU: "milk", Quantity: 5, Granted: 4, MinShelfLife: 3, MinExpiry: 20270131, Tolerance: 1, Substitutes: []stock.SKU{"soy"},
				Lots: []inventory.Allocation{{Lot: "A1", Expiry: 20270202, Quantity: 3}}, Picked: 1, AtRisk: true,
			},
			{SKU: "rice", Quantity: 1, Granted: 0, Done: true},
		},
		Expires: at, Created: at, Confirmed: at, Updated: at, Due: at, Reason: "why", AtRisk: true, PickedAfterCancel: true,
		Picks: []inventory.PickOf{{Line: 1, Place: inventory.Place{Term: 2, Seq: 3}, Quantity: 1, Short: true}},
		Born:  8, Asked: 9, Revision: 10,
	}}
}

func samplePolicy() *inventory.PolicyRow {
	return &inventory.PolicyRow{
		Warehouse: "w", SKU: "milk", By: "ops", Why: "because", Time: time.UnixMilli(1_800_000_000_123).UTC(), Revision: 7,
		Policy: &inventory.Policy{
			Safety: 1, LocalReserve: 2, DegradedBuffer: 3, Tolerance: -1, Quotas: []inventory.Quota{{Channel: "app", Percent: 30}},
			Deficit: inventory.CancelHeld, MaxAge: time.Minute, Area: &inventory.Area{Latitude: -5, Longitude: 6, Radius: 7},
		},
	}
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

// sampleTransfer has all that a row of format 2 can say of statements.
func sampleTransfer() *inventory.WarehouseState {
	s, at := sampleWarehouse(), time.UnixMilli(1_800_000_000_456).UTC()
	s.Reported = &inventory.Reported{
		Epoch: stock.Epoch{18}, Seq: 19, Until: 20, Since: at, Stated: 1 << 62, Served: 21, Repair: &inventory.Order{By: "li", Why: "counted"},
	}
	s.Adopted = &inventory.Adopted{From: 22, Seq: 23, Time: at}
	s.Frozen = &inventory.Frozen{Candidate: stock.Epoch{5}, Since: at}
	s.Settled, s.Repairs = 24, 25
	s.Box.BaseWanted = true
	s.Candidate.TookOver = stock.Takeover{Epoch: stock.Epoch{1}, Seq: 6, Last: 26}
	return s
}

func sampleRetried() *inventory.Retried {
	return &inventory.Retried{
		Warehouse: "w", Place: inventory.Place{Term: 1, Seq: 2}, By: "li", Why: "the hub can read it now", Time: time.UnixMilli(3).UTC(),
		SKU: "milk", Prev: inventory.Place{Term: 1, Seq: 4}, OnHandAfter: -5,
	}
}

func sampleRepaired() *inventory.Repaired {
	return &inventory.Repaired{
		Warehouse: "w", Number: 1, Place: inventory.Place{Term: 1, Seq: 2}, By: "li", Why: "counted", Time: time.UnixMilli(3).UTC(), Differ: 2000,
		Cells: []inventory.RepairedCell{{Cell: stock.Cell{SKU: "milk", Lot: "A1", Bin: "C-1"}, Before: -1, After: 7}, {Cell: stock.Cell{SKU: "rice"}, After: 1}},
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
	ware, err = unpackWarehouse("w", string(packWarehouse(nil, sampleTransfer())))
	if diff := cmp.Diff(*sampleTransfer(), ware); diff != "" || err != nil {
		t.Errorf("warehouse with statements: %v\n%s", err, diff)
	}
	retried, err := unpackRetried("w", sampleRetried().Place, string(packRetried(nil, sampleRetried())))
	if diff := cmp.Diff(*sampleRetried(), retried); diff != "" || err != nil {
		t.Errorf("retried: %v\n%s", err, diff)
	}
	repaired, err := unpackRepaired("w", 1, string(packRepaired(nil, sampleRepaired())))
	if diff := cmp.Diff(*sampleRepaired(), repaired); diff != "" || err != nil {
		t.Errorf("repaired: %v\n%s", err, diff)
	}
	event, err := unpackEvent(string(packEvent(nil, sampleEvent())))
	if diff := cmp.Diff(*sampleEvent(), event); diff != "" || err != nil {
		t.Errorf("event: %v\n%s", err, diff)
	}
	policy, err := unpackPolicy("w", 7, string(packPolicy(nil, samplePolicy())))
	if diff := cmp.Diff(*samplePolicy(), policy); diff != "" || err != nil {
		t.Errorf("policy: %v\n%s", err, diff)
	}
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Make[inventory.DownState]().Draw(t, "down")
		want.Waiting = max(0, want.Waiting)
		for i := range want.Pending { // it names one thing
			if want.Pending[i].Item != "" {
				want.Pending[i].Order = ""
			}
		}
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
	transfer := packer{}
	packTransfer(&transfer, sampleTransfer())
	rows := map[string][]byte{
		"level": packLevel(nil, sampleLevel()), "warehouse": packWarehouse(nil, sampleTransfer()),
		"retried": packRetried(nil, sampleRetried()), "repaired": packRepaired(nil, sampleRepaired()),
	}
	format1 := len(rows["warehouse"]) - len(transfer.b) // where a row of format 1 ends
	for kind, row := range rows {
		for _, k := range kinds {
			for n := 0; k.name == kind && n < len(row); n++ {
				if kind == "warehouse" && n == format1 {
					continue
				}
				if _, err := k.repack(string(row[:n])); err == nil {
					t.Errorf("a %s cut after %d of %d bytes reads", kind, n, len(row))
				}
			}
		}
	}
}

// A store that an earlier version of the hub wrote opens, and is then a later
// version's: the earlier one refuses it, because it would lose what it does not
// know.
func TestRows_OfFormat1AreRead(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, Options{})
	box := storetest.NewBox("wh-0", 1)
	box.Move(t, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 5})
	catchUpOne(t, s, box)
	want, _ := s.Warehouse("wh-0")
	closeStore(t, s)
	tamper(t, dir, func(p *Pebble) error {
		var later packer
		packTransfer(&later, &want)
		row := packWarehouse(nil, &want)
		return errors.Join(
			p.db.Set(warehouseKey(nil, "wh-0"), row[:len(row)-len(later.b)], nil),
			p.db.Set(formatKey, binary.BigEndian.AppendUint64(nil, 1), nil),
		)
	})
	s = start(t, dir, Options{})
	if got, _ := s.Warehouse("wh-0"); cmp.Diff(want, got) != "" {
		t.Errorf("state of format 1 (-written +read):\n%s", cmp.Diff(want, got))
	}
	if version, err := s.number(formatKey); version != format || err != nil {
		t.Errorf("format after opening is %d, %v, want %d", version, err, format)
	}
}
