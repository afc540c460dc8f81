package main

import (
	"context"
	"strings"
	"testing"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// troubled gives a data folder with a warehouse that has one entry set aside,
// and then levels that are not the agent's.
func troubled(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	s, err := store.Open(data, store.Options{Book: inventory.Config{AutoEnrol: true}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	box := storetest.NewBox("dark-01", 1)
	box.Scribble([]byte("no entry"))
	box.Sheet.Apply(&stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 1})
	for _, next := range []func() inventory.Command{
		func() inventory.Command { return box.Hello() }, func() inventory.Command { return box.Rest(1) },
	} {
		results, err := s.Apply(ctx, next())
		if err != nil {
			t.Fatal(err)
		}
		box.Hear(results[0])
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return data
}

func TestQuarantine_IsDealtWithByCommand(t *testing.T) {
	at := []string{"--grpc", running(t, troubled(t)).Addrs().GRPC}
	const name = "warehouses/dark-01/quarantine/1.1"
	for _, step := range []struct {
		args []string
		want string // empty wants no output
	}{
		{[]string{"quarantine", "list"}, "raw 6e6f20656e747279"},
		{[]string{"quarantine", "list", "dark-01"}, name},
		{[]string{"quarantine", "discard", name, "--by", "Li", "--reason", "booked again"}, `by Li: "booked again"`},
		{[]string{"quarantine", "list"}, ""},
		{[]string{"quarantine", "list", "--all"}, `by Li: "booked again"`},
		{[]string{"divergence", "list"}, "warehouses/dark-01  differs at entry 1"},
	} {
		out, err := command(t, append(step.args, at...)...)
		if err != nil || !strings.Contains(out, step.want) || (step.want == "") != (out == "") {
			t.Errorf("hub %s = %q, %v, want %q", strings.Join(step.args, " "), out, err, step.want)
		}
	}
	if _, err := command(t, append([]string{"quarantine", "discard", name + "9", "--by", "Li", "--reason", "x"}, at...)...); err == nil {
		t.Error("an entry that is not there was discarded")
	}
}
