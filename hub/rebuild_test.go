package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestRebuild_BeginsWithAnEmptyStoreAndKeepsTheOldOne(t *testing.T) {
	data := troubled(t)
	if out, err := command(t, "rebuild", "--data", data); err == nil || !strings.Contains(err.Error(), "--yes") {
		t.Errorf("without --yes: %q, %v", out, err)
	}
	out, err := command(t, "rebuild", "--data", data, "--yes", "--auto-enrol=false")
	if err != nil || !strings.Contains(out, "1 warehouses") || !strings.Contains(out, "auto_enrol is off") {
		t.Fatalf("rebuild = %q, %v", out, err)
	}
	if kept, _ := filepath.Glob(data + ".before-*"); len(kept) != 1 || !strings.Contains(out, kept[0]) {
		t.Errorf("the old store: %v, told %q", kept, out)
	}
	h := running(t, data)
	out, err = command(t, "rebuild", "status", "--grpc", h.Addrs().GRPC)
	if err != nil || !strings.Contains(out, "warehouses/dark-01  has not been heard from") {
		t.Errorf("status = %q, %v", out, err)
	}
	if out, err := command(t, "rebuild", "--data", data, "--yes"); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("of a running hub: %q, %v", out, err)
	}
	if out, err := command(t, "rebuild", "--data", filepath.Join(t.TempDir(), "none"), "--yes"); err == nil || !strings.Contains(err.Error(), "no store") {
		t.Errorf("of nothing: %q, %v", out, err)
	}
}
