package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/deploy/fleet"
	"github.com/forestock/forestock/hub/hubd"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// backup copies the hub's store while the hub runs.
func (w *world) backup(name string) *forestockv1.Backup {
	w.t.Helper()
	conn, err := grpc.NewClient(w.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	b, err := forestockv1.NewAdminServiceClient(conn).CreateBackup(w.ctx, &forestockv1.CreateBackupRequest{Name: name})
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// lose kills the hub, throws its store away, and puts a backup in its place.
func (w *world) lose(b *forestockv1.Backup) {
	w.t.Helper()
	data := filepath.Join(w.dir, "hub")
	err := w.Hub.Down(func() error {
		if err := os.RemoveAll(data); err != nil {
			return err
		}
		_, err := hubd.Restore(b.GetPath(), data)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// seen is what the hub shows of a warehouse.
type seen struct {
	AppliedSeq  string `json:"applied_seq"`
	Digest      string `json:"digest"`
	Diverged    bool   `json:"diverged"`
	Quarantined int    `json:"quarantined"`
}

// equal waits until the hub has every entry of a warehouse and the same levels.
func (w *world) equal(site *fleet.Site) {
	w.t.Helper()
	w.eventually("the hub to equal "+site.Warehouse, func() error {
		s, err := w.status(site)
		if err != nil {
			return err
		}
		var hub seen
		if err := w.get("http://"+w.HTTP+"/v1/warehouses/"+site.Warehouse, &hub); err != nil {
			return err
		}
		want := seen{AppliedSeq: strconv.FormatUint(s.Ledger.Last, 10), Digest: s.Ledger.Digest}
		if hub != want {
			return fmt.Errorf("the hub has %+v, the agent %+v", hub, want)
		}
		return nil
	})
}

// A hub that lost its store goes on from yesterday's backup: what the backup
// forgot comes back from the agents, each entry once, whether their process is
// the one that the backup knew or a later one; and what happens then counts as
// ever.
func TestRestore_AgentsSendAgainWhatTheBackupForgot(t *testing.T) {
	w := newWorld(t, 2, true)
	same, later := w.Sites[0], w.Sites[1]
	for _, s := range w.Sites {
		w.mode(s, floor.GoReceive)
		w.scan(s, milkL1, floor.SoundSaved)
		w.want(s, "milk", 1)
	}
	b := w.backup("yesterday")
	if len(b.GetWarehouses()) != 2 || b.GetWarehouses()[0].GetAppliedSeq() != "1" {
		t.Errorf("the backup holds %v", b.GetWarehouses())
	}
	for _, s := range w.Sites {
		for range 5 {
			w.scan(s, milkL1, floor.SoundSaved)
			w.scan(s, "]E06901230001345", floor.SoundSaved)
		}
		w.want(s, "rice", 5)
		w.settled(s)
	}
	later.Agent.Kill() // its next process is one that the backup never met
	w.eventually("the agent to be back", func() error { _, err := w.status(later); return err })

	// The negative control: the backup alone lacks what came after it.
	held, err := hubd.Restore(b.GetPath(), filepath.Join(t.TempDir(), "control"))
	if err != nil || held.Warehouses[0].Applied != 1 {
		t.Fatalf("the backup holds %+v, %v: the test shows nothing", held.Warehouses, err)
	}

	w.lose(b)
	for _, s := range w.Sites {
		w.equal(s)
		w.want(s, "milk", 6)
		w.want(s, "rice", 5)
	}
	w.scan(same, milkL1, floor.SoundSaved)
	w.want(same, "milk", 7)
	w.equal(same)
}
