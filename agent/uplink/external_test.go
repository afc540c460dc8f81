package uplink_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/hub/ingest"
	"github.com/forestock/forestock/proto/stock"
)

// Through a broker that is not ours, with its default limits: four agents with a
// backlog each, and a catalogue to bring down.
func TestLink_ThroughTheDebianBroker(t *testing.T) {
	t.Parallel()
	address := debianBroker(t)
	store := newBookStore()
	b, err := broker.NewClient(broker.ClientConfig{Brokers: []string{address}, ClientID: "hub"}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	desk, err := ingest.New(ingest.DefaultConfig(), store, b, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	background(t, desk.Run)
	background(t, func(ctx context.Context) error { return b.Run(ctx, desk) })
	w := &world{t: t, store: store, desk: desk}
	for i := range 200 {
		w.update(t, item(fmt.Sprintf("sku-%d", i), "name"))
	}
	var agents []*agent
	for i := range 4 {
		a := w.newAgent(stock.Warehouse(fmt.Sprintf("sh-%d", i)))
		a.journal.receive(t, 5000)
		a.link, err = uplink.New(uplink.Config{Warehouse: a.id, Brokers: []string{address}}, a.journal, nil, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		background(t, a.link.Run)
		agents = append(agents, a)
	}
	for _, a := range agents {
		until(t, "everything is at the hub", a.link, func(s uplink.Status) bool { return s.State == uplink.Synced && s.Acked == 5000 })
		until(t, "the catalogue is in the warehouse", a.link, func(uplink.Status) bool { return a.journal.itemCount() == 200 })
		w.agree(a)
		w.sameCatalogue(a)
	}
}

// debianBroker starts the broker that Debian packages.
func debianBroker(t *testing.T) (address string) {
	t.Helper()
	const program = "/usr/sbin/mosquitto" //nolint:misspell // its name
	if _, err := os.Stat(program); err != nil {
		t.Skipf("%s is not installed: make deps installs it", program)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close() // the program takes the port over
	file := filepath.Join(t.TempDir(), "broker.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, "listener %d 127.0.0.1\nallow_anonymous true\npersistence false\n", port), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), program, "-c", file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return fmt.Sprintf("tcp://127.0.0.1:%d", port)
}
