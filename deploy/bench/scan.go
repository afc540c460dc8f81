package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/deploy/fleet"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// benchScan measures a scan on its whole way, one at a time: from the bytes on
// the scanner's line to the page, and to the platform.
func benchScan(ctx context.Context, b *bench) error {
	b.title("A scan, one at a time, %d of them: pseudo terminal, agent, MQTT over loopback, hub; agent and hub are processes of their own", b.scans)
	dir, remove, err := b.temp("scan")
	if err != nil {
		return err
	}
	defer remove()
	catalogue := filepath.Join(dir, "catalogue.csv")
	if err := os.WriteFile(catalogue, []byte("sku,name,unit,gtins\nrice,大米,pc,6901230001345\n"), 0o600); err != nil {
		return err
	}
	f, err := fleet.New(fleet.Options{Dir: dir, Catalogue: catalogue, Spawn: true, Repeat: -1})
	if err != nil {
		return err
	}
	run, stop := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- f.Run(run) }()
	err = b.scanAll(ctx, f)
	stop()
	return errors.Join(err, <-ran)
}

func (b *bench) scanAll(ctx context.Context, f *fleet.Fleet) error {
	const patience = 30 * time.Second
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := f.Ready(wait); err != nil {
		return err
	}
	site := f.Sites[0]
	if err := received(wait, site); err != nil {
		return err
	}
	conn, err := grpc.NewClient(f.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	watch, err := forestockv1.NewAvailabilityServiceClient(conn).WatchAvailability(ctx, &forestockv1.WatchAvailabilityRequest{Warehouses: []string{site.Warehouse}})
	if err != nil {
		return err
	}
	var pages, answers []time.Duration
	for i := range b.scans {
		began := time.Now()
		flash, err := site.Scan(ctx, rice)
		if err != nil {
			return err
		}
		if flash.Sound != floor.SoundSaved {
			return fmt.Errorf("the scan was answered with %q", flash.Word.En)
		}
		pages = append(pages, time.Since(began))
		if err := until(watch, int32(i+1)); err != nil {
			return err
		}
		answers = append(answers, time.Since(began))
	}
	page, answer := percentiles(pages), percentiles(answers)
	fmt.Fprintf(b, "%-56s p50 %v, p99 %v\n", "from the bytes to the page that says saved (synced)", short(page.p50), short(page.p99))
	fmt.Fprintf(b, "%-56s p50 %v, p99 %v\n", "from the bytes to a platform that watches the hub", short(answer.p50), short(answer.p99))
	return nil
}

const rice = "]E06901230001345"

// received puts a station in receiving mode, once it knows the catalogue.
func received(ctx context.Context, site *fleet.Site) error {
	for {
		var s struct {
			Ledger struct {
				Items int `json:"items"`
			} `json:"ledger"`
		}
		if err := fleet.Get(ctx, "http://"+site.Station+"/api/status", &s); err == nil && s.Ledger.Items > 0 {
			break
		}
		if !fleet.Pause(ctx, 50*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
	card, ok := floor.CardOf(floor.GoReceive)
	if !ok {
		return errors.New("there is no card for receiving")
	}
	_, err := site.Scan(ctx, "]C1"+card.Data())
	return err
}

// until reads a watch until it tells so many on hand.
func until(watch grpc.ServerStreamingClient[forestockv1.WatchAvailabilityResponse], onHand int32) error {
	for {
		r, err := watch.Recv()
		if err != nil {
			return err
		}
		if r.GetAvailability().GetOnHand() == onHand {
			return nil
		}
	}
}
