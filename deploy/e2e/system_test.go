package e2e

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/forestock/forestock/agent/floor"
)

const milkL1 = "]C1010690123000066917300131" + "10L1"

func TestSystem_AScanReachesThePlatform(t *testing.T) {
	w := newWorld(t, 2, false)
	site, other := w.Sites[0], w.Sites[1]
	w.mode(site, floor.GoReceive)
	w.scan(site, milkL1, floor.SoundSaved)
	w.scan(site, "]E06901230000669", floor.SoundSaved)
	a := w.want(site, "milk", 2)
	if a.Unit != "pc" || a.Freshness != "LIVE" || len(a.Lots) != 1 || a.Lots[0].Lot != "L1" || a.Lots[0].Expiry != "2030-01-31" {
		t.Errorf("availability = %+v", a)
	}
	w.scan(site, "]E06901230000454", floor.SoundHeard)
	w.weigh(site, 1250)
	if a := w.want(site, "apple", 1250); a.Unit != "g" {
		t.Errorf("availability = %+v", a)
	}
	w.mode(site, floor.GoPick)
	w.scan(site, "]E06901230000669", floor.SoundSaved)
	w.want(site, "milk", 1)
	if a, err := w.ask(other, "milk"); err != nil || a.OnHand != 0 {
		t.Errorf("the other warehouse has %+v, %v", a, err)
	}
}

func TestSystem_ANumberExplainsItselfDownToTheBytes(t *testing.T) {
	w := newWorld(t, 1, false)
	site := w.Sites[0]
	w.scan(site, badge(t), floor.SoundHeard)
	w.mode(site, floor.GoReceive)
	w.scan(site, "]E06901230000454", floor.SoundHeard)
	w.weigh(site, 700)
	w.want(site, "apple", 700)
	var list struct {
		Movements []struct {
			Kind     string `json:"kind"`
			Delta    int64  `json:"delta"`
			After    int64  `json:"on_hand_after"`
			Operator string `json:"operator"`
			Station  string `json:"station"`
			Device   string `json:"device"`
			Scan     string `json:"scan"`
			Frame    string `json:"frame"`
		} `json:"movements"`
	}
	if err := w.get("http://"+w.HTTP+"/v1/warehouses/"+site.Warehouse+"/skus/apple/movements", &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Movements) != 1 {
		t.Fatalf("movements = %+v", list)
	}
	m := list.Movements[0]
	scan, _ := base64.StdEncoding.DecodeString(m.Scan)
	frame, _ := base64.StdEncoding.DecodeString(m.Frame)
	if m.Kind != "receive" || m.Delta != 700 || m.After != 700 || m.Operator == "" || m.Station != "s1" {
		t.Errorf("movement = %+v", m)
	}
	if !strings.Contains(string(scan), "6901230000454") || !strings.Contains(string(frame), "0.700") {
		t.Errorf("evidence: scan %q, frame %q", scan, frame)
	}
}

func TestSystem_TheWarehouseNeverWaitsForTheNetwork(t *testing.T) {
	w := newWorld(t, 1, false)
	site := w.Sites[0]
	w.mode(site, floor.GoReceive)
	w.scan(site, milkL1, floor.SoundSaved)
	w.want(site, "milk", 1)
	site.Line.Cut()
	for range 20 {
		w.scan(site, milkL1, floor.SoundSaved)
		w.scan(site, "]E06901230001345", floor.SoundSaved)
	}
	if a, err := w.ask(site, "milk"); err != nil || a.OnHand != 1 {
		t.Errorf("with the line cut the hub says %+v, %v", a, err)
	}
	site.Line.Mend()
	w.want(site, "milk", 21)
	w.want(site, "rice", 20)
	w.Hub.Kill()
	w.scan(site, milkL1, floor.SoundSaved)
	w.want(site, "milk", 22)
}

func TestSystem_UnpluggedDevicesAreStatesNotReasonsToStop(t *testing.T) {
	w := newWorld(t, 1, false)
	site := w.Sites[0]
	w.mode(site, floor.GoReceive)
	for range 3 {
		if err := site.Cables["scanner-1"].Unplug(); err != nil {
			t.Fatal(err)
		}
		w.device("scanner-1", func(state string) bool { return state != "ready" })
		if err := site.Cables["scanner-1"].Plug(); err != nil {
			t.Fatal(err)
		}
		w.device("scanner-1", func(state string) bool { return state == "ready" })
		w.scan(site, milkL1, floor.SoundSaved)
	}
	w.want(site, "milk", 3)
}

func TestSystem_WrongCodesAreRefusedAndNothingIsBooked(t *testing.T) {
	w := newWorld(t, 1, false)
	site := w.Sites[0]
	w.mode(site, floor.GoReceive)
	for _, code := range []string{
		"]E06901230000660",                     // wrong check digit
		"]C1010690123000066917301331" + "10L1", // month 13
	} {
		w.scan(site, code, floor.SoundRefuse)
	}
	status, err := w.status(site)
	if err != nil || status.Ledger.Last != 0 {
		t.Errorf("the ledger has %d entries, %v", status.Ledger.Last, err)
	}
	w.scan(site, "]E06901230009990", floor.SoundSaved) // not listed: it is in the warehouse all the same
	w.scan(site, milkL1, floor.SoundSaved)
	w.want(site, "milk", 1)
}
