package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/deploy/fleet"
	"github.com/forestock/forestock/firmware-bridge/barcode"
)

// catalogue is what the hub of every test sells.
const catalogue = `sku,name,name_en,unit,gtins,plu,bin,zone,shelf_life_days
milk,牛奶,Milk,pc,6901230000669,,C-02-01,chilled,10
rice,大米,Rice,pc,6901230001345,,G-01-01,ambient,
apple,苹果,Apples,g,6901230000454,00041,B-01-01,ambient,
`

// patience is how long a test waits for something that must come.
const patience = 30 * time.Second

// world is a fleet under test, in the words of the trade. Its first failure
// ends the test.
type world struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // a test's context lives as long as the world
	*fleet.Fleet
	dir string
}

func newWorld(t *testing.T, warehouses int, spawn bool) *world {
	t.Helper()
	return newWorldWith(t, fleet.Options{Warehouses: warehouses, Spawn: spawn})
}

// newWorldWith starts a fleet of one's own taste. What has to do with the test
// is filled in.
func newWorldWith(t *testing.T, o fleet.Options) *world {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "catalogue.csv")
	if err := os.WriteFile(file, []byte(catalogue), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Dir, o.Catalogue, o.Settle, o.Repeat, o.Output = dir, file, 20*time.Millisecond, -1, t.Output()
	f, err := fleet.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, ctx: ctx, Fleet: f, dir: dir}
	wait, stop := context.WithTimeout(ctx, patience)
	defer stop()
	if err := f.Ready(wait); err != nil {
		t.Fatal(err)
	}
	for _, s := range f.Sites {
		w.eventually("the catalogue at "+s.Warehouse, func() error {
			status, err := w.status(s)
			if err == nil && status.Ledger.Items < 3 {
				err = fmt.Errorf("%d items", status.Ledger.Items)
			}
			return err
		})
	}
	return w
}

// eventually tries until it works.
func (w *world) eventually(what string, try func() error) {
	w.t.Helper()
	w.within(patience, what, try)
}

// within tries until it works, for as long as it may take.
func (w *world) within(patience time.Duration, what string, try func() error) {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain for %s: %v", what, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (w *world) scan(site *fleet.Site, code string, want floor.Sound) {
	w.t.Helper()
	flash, err := site.Scan(w.ctx, code)
	if err != nil {
		w.t.Fatalf("scan %q: %v", code, err)
	}
	if flash.Sound != want {
		w.t.Fatalf("scan %q: %s %q, want %s", code, flash.Sound, flash.Word.En, want)
	}
}

// mode scans the card of a mode.
func (w *world) mode(site *fleet.Site, b floor.Button) {
	w.t.Helper()
	card, ok := floor.CardOf(b)
	if !ok {
		w.t.Fatalf("no card for %s", b)
	}
	w.scan(site, "]C1"+card.Data(), floor.SoundHeard)
}

// weigh puts goods on the empty scale until they are booked.
func (w *world) weigh(site *fleet.Site, grams int64) {
	w.t.Helper()
	before, err := site.Until(w.ctx, patience, func(v *floor.View) bool { return v.Ask.En == "Put it on the scale" })
	if err != nil {
		w.t.Fatal(err)
	}
	site.Scale.Put(grams)
	_, err = site.Until(w.ctx, patience, func(v *floor.View) bool {
		return v.Flash.N != before.Flash.N && v.Flash.Sound == floor.SoundSaved
	})
	if err != nil {
		w.t.Fatalf("weigh %d g: %v", grams, err)
	}
	site.Scale.Clear()
}

type answer struct {
	OnHand     int64  `json:"on_hand"`
	Sellable   int64  `json:"sellable"`
	Unit       string `json:"unit"`
	AppliedSeq string `json:"applied_seq"`
	Freshness  string `json:"freshness"`
	Age        string `json:"age"`
	Lots       []struct {
		Lot    string `json:"lot"`
		OnHand int64  `json:"on_hand"`
		Expiry string `json:"expiry_date"`
	} `json:"lots"`
}

func (w *world) ask(site *fleet.Site, sku string) (a answer, err error) {
	return a, w.get("http://"+w.HTTP+"/v1/warehouses/"+site.Warehouse+"/skus/"+sku+"/availability", &a)
}

// want waits until the platform is told this much of a SKU.
func (w *world) want(site *fleet.Site, sku string, onHand int64) answer {
	w.t.Helper()
	var a answer
	w.eventually(fmt.Sprintf("%d of %s at %s", onHand, sku, site.Warehouse), func() (err error) {
		if a, err = w.ask(site, sku); err == nil && a.OnHand != onHand {
			err = fmt.Errorf("on hand is %d", a.OnHand)
		}
		return err
	})
	return a
}

type status struct {
	Ledger struct {
		Last   uint64 `json:"last"`
		Unsent uint64 `json:"unsent"`
		Digest string `json:"digest"`
		Items  int    `json:"items"`
	} `json:"ledger"`
	Link struct {
		State string `json:"state"`
	} `json:"link"`
	Devices []struct {
		Name  string `json:"name"`
		State string `json:"state"`
	} `json:"devices"`
}

func (w *world) status(site *fleet.Site) (s status, err error) {
	return s, w.get("http://"+site.Station+"/api/status", &s)
}

func (w *world) get(url string, into any) error { return fleet.Get(w.ctx, url, into) }

// device waits until a device of the first site is in a state.
func (w *world) device(name string, is func(state string) bool) {
	w.t.Helper()
	w.eventually("the state of "+name, func() error {
		s, err := w.status(w.Sites[0])
		if err != nil {
			return err
		}
		for _, d := range s.Devices {
			if d.Name == name && is(d.State) {
				return nil
			}
		}
		return fmt.Errorf("devices are %+v", s.Devices)
	})
}

func badge(t *testing.T) string {
	t.Helper()
	card, err := barcode.NewCard(barcode.BadgeCard, "000117")
	if err != nil {
		t.Fatal(err)
	}
	return "]C1" + card.Data()
}

func copyFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(out, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}
