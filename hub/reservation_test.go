package main

import (
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func TestReservation_PoliciesAndChecksAreThereByCommand(t *testing.T) {
	hub := running(t, troubled(t)).Addrs().GRPC
	conn, err := grpc.NewClient(hub, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The mark of an order that was cancelled before it came needs no warehouse.
	early := &forestockv1.CancelReservationRequest{Name: "reservations/o-1", Reason: "changed their mind"}
	if _, err := forestockv1.NewReservationServiceClient(conn).CancelReservation(t.Context(), early); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		args []string
		want string
	}{
		{[]string{"policy", "get", "dark-01"}, "set by nobody\n  {}"},
		{[]string{"policy", "set", "dark-01", "--by", "Li", "--reason", "miscounts", "--policy", `{"safety": 2}`}, `by Li: "miscounts"`},
		{[]string{"policy", "list", "dark-01"}, `"safety":2`},
		{[]string{"policy", "set", "dark-01", "--by", "Li", "--reason", "over", "--remove"}, "taken away"},
		{[]string{"policy", "list", "dark-01"}, ""},
		{[]string{"policy", "list", "dark-01", "--history"}, "miscounts"},
		{[]string{"reconcile", "list"}, "warehouses/dark-01  0 open reservations, 0 at risk: counters and reservations agree"},
		{[]string{"reconcile", "repair", "dark-01", "--by", "Li", "--reason", "to be sure"}, "agree"},
		{[]string{"reservation", "list", "--state", "cancelled"}, `reservations/o-1  cancelled`},
		{[]string{"reservation", "list", "--at-risk"}, ""},
		{[]string{"reservation", "show", "o-1"}, `"changed their mind"`},
		{[]string{"reservation", "cancel", "o-1", "--reason", "again"}, "cancelled"},
	} {
		out, err := command(t, append(step.args, "--grpc", hub)...)
		if err != nil || !strings.Contains(out, step.want) || (step.want == "") != (out == "") {
			t.Errorf("hub %s = %q, %v, want %q", strings.Join(step.args, " "), out, err, step.want)
		}
	}
	for _, tt := range []struct{ args, want string }{
		{"reservation show misspelt", "no reservation has this id"},
		{"reservation cancel misspelt --reason x", "no reservation has this id"},
		{"reservation list --state held", "no state"},
		{"policy set dark-01 --by Li --reason x", "at least one"},
		{"policy set dark-01 --by Li --reason x --policy {\"cushion\":1}", "cushion"},
		{"reconcile list dark-99", "never reported"},
	} {
		if out, err := command(t, append(strings.Fields(tt.args), "--grpc", hub)...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("hub %s = %q, %v, want an error with %q", tt.args, out, err, tt.want)
		}
	}
}
