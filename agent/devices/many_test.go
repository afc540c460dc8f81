package devices

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/forestock/forestock/firmware-bridge/scanner"
	"github.com/forestock/forestock/firmware-bridge/sim"
)

// Twenty scanners at once, each as fast as it can: every code arrives once.
func TestDevices_TwentyAtOnceLoseNothing(t *testing.T) {
	const devices, codes = 20, 50
	dir := t.TempDir()
	var configs []Config
	var scanners []*sim.Scanner
	for i := range devices {
		cable, err := sim.NewCable(filepath.Join(dir, fmt.Sprintf("scanner-%d", i)))
		if err != nil {
			t.Fatal(err)
		}
		defer cable.Close()
		scanners = append(scanners, sim.NewScanner(cable, sim.ScannerConfig{}))
		configs = append(configs, Config{Name: fmt.Sprintf("scanner-%d", i), Kind: Scanner, Address: cable.Name(), Line: "115200 8N1"})
	}
	var mu sync.Mutex
	got := make(map[string]int)
	ready, all := make(chan struct{}, devices), make(chan struct{})
	arrived := 0
	d, err := New(configs, func(e Event) {
		switch {
		case e.State != nil && e.State.Usable():
			ready <- struct{}{}
		case e.Scan != nil && e.Scan.Kind == scanner.Code:
			mu.Lock()
			defer mu.Unlock()
			got[e.Device+" "+string(e.Scan.Data)]++
			if arrived++; arrived == devices*codes {
				close(all)
			}
		}
	}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	for range devices {
		<-ready
	}
	var senders sync.WaitGroup
	for i, s := range scanners {
		senders.Go(func() {
			for n := range codes {
				if err := s.Scan(fmt.Sprintf("%d-%03d", i, n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	senders.Wait()
	select {
	case <-all:
	case <-time.After(20 * time.Second):
		t.Errorf("%d of %d codes arrived", arrived, devices*codes)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for code, n := range got {
		if n != 1 {
			t.Errorf("%s arrived %d times", code, n)
		}
	}
}
