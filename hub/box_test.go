package main

import (
	"strings"
	"testing"
)

func TestBox_IsListedAndReplacedByCommand(t *testing.T) {
	at := []string{"--grpc", running(t, troubled(t)).Addrs().GRPC}
	for _, step := range []struct {
		args []string
		want string
	}{
		{[]string{"box", "list", "dark-01"}, "present    ledger "},
		{[]string{"box", "list", "dark-01"}, "not heard since the hub started"},
		{[]string{"box", "replace", "dark-01", "--by", "Li", "--reason", "the old one is scrap"}, "another box may take dark-01 over until "},
		{[]string{"box", "list", "dark-01"}, `says Li: "the old one is scrap"`},
		{[]string{"divergence", "repairs", "dark-01"}, ""},
	} {
		out, err := command(t, append(step.args, at...)...)
		if err != nil || !strings.Contains(out, step.want) || (step.want == "") != (out == "") {
			t.Errorf("hub %s = %q, %v, want %q", strings.Join(step.args, " "), out, err, step.want)
		}
	}
	for _, tt := range []struct{ args, want string }{
		{"box list dark-99", "never reported"},
		{"box replace dark-01", "required flag"},
		{"divergence repair dark-01 --by Li --reason x", "not on line"},
		{"quarantine retry warehouses/dark-01/quarantine/1.1 --by Li --reason x", "retry"},
	} {
		if out, err := command(t, append(strings.Fields(tt.args), at...)...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("hub %s = %q, %v, want an error with %q", tt.args, out, err, tt.want)
		}
	}
}
