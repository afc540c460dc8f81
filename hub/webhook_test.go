package main

import (
	"context"
	"regexp"
	"strings"
	"testing"
)

func TestWebhook_IsManagedByCommand(t *testing.T) {
	at := []string{"--grpc", running(t, t.TempDir()).Addrs().GRPC}
	do := func(args ...string) (string, error) {
		var out strings.Builder
		err := run(context.Background(), append(args, at...), &out, &out)
		return out.String(), err
	}
	if _, err := do("webhook", "add", "https://127.0.0.1/hooks", "--by", "Li"); err == nil || !strings.Contains(err.Error(), "allow_private") {
		t.Errorf("an address of this machine: %v", err)
	}
	added, err := do("webhook", "add", "https://shop.example/hooks", "--by", "Li", "--type", "reservation.shorted")
	if err != nil || !strings.Contains(added, "whsec_") {
		t.Fatal(added, err)
	}
	if again, err := do("webhook", "rotate", regexp.MustCompile(`webhooks/\w+`).FindString(added), "--by", "Wang", "--overlap", "1h"); err != nil || !strings.Contains(again, "whsec_") || !strings.Contains(again, "both secrets sign until") {
		t.Errorf("rotated: %q, %v", again, err)
	}
	name := regexp.MustCompile(`webhooks/\w+`).FindString(added)
	for _, step := range []struct {
		args []string
		want string
	}{
		{[]string{"webhook", "list"}, name + "  https://shop.example/hooks  [reservation.shorted]  by Li"},
		{[]string{"webhook", "list", "--json"}, `"url":"https://shop.example/hooks"`},
		{[]string{"webhook", "replay", name, "--since", "1h"}, name},
		{[]string{"webhook", "dead", name}, ""},
		{[]string{"webhook", "dead", name, "--redeliver"}, "0 events"},
		{[]string{"webhook", "remove", name}, "removed " + name},
		{[]string{"webhook", "list"}, ""},
	} {
		out, err := do(step.args...)
		if err != nil || !strings.Contains(out, step.want) || (step.want == "" && out != "") || strings.Contains(out, "whsec_") {
			t.Errorf("%v: %q, %v; want %q", step.args, out, err, step.want)
		}
	}
	if _, err := do("webhook", "remove", name); err == nil {
		t.Error("removed twice")
	}
}
