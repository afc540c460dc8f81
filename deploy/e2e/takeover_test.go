package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/deploy/fleet"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// admin gives the operators' calls of the hub.
func (w *world) admin() forestockv1.AdminServiceClient {
	w.t.Helper()
	conn, err := grpc.NewClient(w.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	return forestockv1.NewAdminServiceClient(conn)
}

// replace is an operator's word that another box may take a warehouse over.
func (w *world) replace(site *fleet.Site) {
	w.t.Helper()
	_, err := w.admin().ReplaceBox(w.ctx, &forestockv1.ReplaceBoxRequest{Name: "warehouses/" + site.Warehouse, By: "Li", Reason: "its disk is gone"})
	if err != nil {
		w.t.Fatal(err)
	}
}

// boxes gives the states of a warehouse's boxes, newest first.
func (w *world) boxes(site *fleet.Site) (states []forestockv1.Box_State, err error) {
	list, err := w.admin().ListBoxes(w.ctx, &forestockv1.ListBoxesRequest{Parent: "warehouses/" + site.Warehouse})
	for _, b := range list.GetBoxes() {
		states = append(states, b.GetState())
	}
	return states, err
}

// succeeded waits until one box has replaced another for good.
func (w *world) succeeded(site *fleet.Site) {
	w.t.Helper()
	w.eventually("another ledger to count", func() error {
		states, err := w.boxes(site)
		if err == nil && (len(states) != 2 || states[0] != forestockv1.Box_PRESENT || states[1] != forestockv1.Box_CLOSED) {
			err = fmt.Errorf("the boxes are %v", states)
		}
		return err
	})
}

// ledgerOf gives the file of a warehouse's ledger.
func (w *world) ledgerOf(site *fleet.Site) string {
	return agentd.LedgerPath(filepath.Join(w.dir, site.Warehouse))
}

// receiving waits until an agent that was restarted takes receipts: the station's
// page connects again, and a new box has to get the catalogue first.
func (w *world) receiving(site *fleet.Site) {
	w.t.Helper()
	card, ok := floor.CardOf(floor.GoReceive)
	if !ok {
		w.t.Fatal("no card to receive")
	}
	w.eventually("the station to receive", func() error {
		s, err := w.status(site)
		if err == nil && s.Ledger.Items < 3 {
			err = fmt.Errorf("%d items", s.Ledger.Items)
		}
		if err != nil {
			return err
		}
		flash, err := site.Scan(w.ctx, "]C1"+card.Data())
		if err == nil && flash.Sound != floor.SoundHeard {
			err = fmt.Errorf("the station says %q %s", flash.Sound, flash.Word.En)
		}
		return err
	})
}

// A box that comes with nothing but the warehouse's name has its levels within
// seconds, and what it books counts on top of them.
func TestTakeover_ANewBoxHasTheLevelsOfTheLostOne(t *testing.T) {
	w := newWorld(t, 1, false)
	site := w.Sites[0]
	w.mode(site, floor.GoReceive)
	w.scan(site, milkL1, floor.SoundSaved)
	w.scan(site, milkL1, floor.SoundSaved)
	w.scan(site, "]E06901230001345", floor.SoundSaved)
	w.equal(site)
	w.replace(site)
	err := site.Agent.Down(func() error { return os.Remove(w.ledgerOf(site)) })
	if err != nil {
		t.Fatal(err)
	}
	w.receiving(site)
	w.scan(site, "]E06901230001345", floor.SoundSaved)
	w.succeeded(site)
	w.want(site, "milk", 2)
	w.want(site, "rice", 2)
	w.equal(site)
}

// The control: without an operator's word a new box does not take over from one
// that was heard a moment ago, and the hub keeps what it has.
func TestTakeover_ANewBoxWaitsWhileAnotherIsHeard(t *testing.T) {
	w := newWorld(t, 1, false)
	site := w.Sites[0]
	w.mode(site, floor.GoReceive)
	w.scan(site, milkL1, floor.SoundSaved)
	w.equal(site)
	err := site.Agent.Down(func() error { return os.Remove(w.ledgerOf(site)) })
	if err != nil {
		t.Fatal(err)
	}
	w.eventually("the new box to be refused", func() error {
		s, err := w.status(site)
		if err == nil && s.Link.State != "fenced" {
			err = fmt.Errorf("the link is %s", s.Link.State)
		}
		return err
	})
	if states, err := w.boxes(site); err != nil || len(states) != 1 || states[0] != forestockv1.Box_PRESENT {
		t.Errorf("boxes %v, %v", states, err)
	}
	w.want(site, "milk", 1)
}

// A box whose ledger went back to an older copy sets it aside, begins a new one
// with the hub's levels, and brings along what it booked after going back: no
// entry is lost, and none counts twice.
func TestTakeover_ALedgerThatWentBackIsReborn(t *testing.T) {
	w := newWorld(t, 1, false)
	site := w.Sites[0]
	w.mode(site, floor.GoReceive)
	w.scan(site, milkL1, floor.SoundSaved)
	w.equal(site)
	var old []byte
	err := site.Agent.Down(func() (err error) { old, err = os.ReadFile(w.ledgerOf(site)); return err })
	if err != nil {
		t.Fatal(err)
	}
	w.receiving(site)
	for range 3 {
		w.scan(site, milkL1, floor.SoundSaved)
	}
	w.want(site, "milk", 4)
	w.equal(site)

	w.replace(site)
	site.Line.Stall()
	err = site.Agent.Down(func() error { return os.WriteFile(w.ledgerOf(site), old, 0o600) })
	if err != nil {
		t.Fatal(err)
	}
	w.receiving(site)
	w.scan(site, milkL1, floor.SoundSaved) // it believes that it is the second
	w.scan(site, "]E06901230001345", floor.SoundSaved)
	site.Line.Mend()
	w.succeeded(site)
	w.want(site, "milk", 5)
	w.want(site, "rice", 1)
	w.equal(site)
	if kept, err := filepath.Glob(filepath.Join(w.dir, site.Warehouse, "set-aside", "*.db")); len(kept) == 0 {
		t.Error(errors.Join(errors.New("the old ledger was not kept"), err))
	}
}
