package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/forestock/forestock/agent/agentd"
)

func TestLedger_RebirthIsDoneOnlyWhenItIsMeant(t *testing.T) {
	dir := filled(t)
	before, err := os.ReadFile(agentd.LedgerPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	out, err := command(t, "ledger", "rebirth", "--data", dir)
	if err == nil || !strings.Contains(out, "set aside") {
		t.Errorf("without --yes: %v, it does not explain itself:\n%s", err, out)
	}
	if now, err := os.ReadFile(agentd.LedgerPath(dir)); err != nil || !bytes.Equal(now, before) {
		t.Errorf("without --yes the file was changed, %v", err)
	}
	out, err = command(t, "ledger", "rebirth", "--data", dir, "--reason", "rolled back", "--yes")
	if err != nil || !strings.Contains(out, "entries up to 3, of which the hub had acknowledged 0") {
		t.Fatalf("with --yes: %v\n%s", err, out)
	}
	aside, err := filepath.Glob(filepath.Join(dir, "set-aside", "ledger-*.db"))
	if err != nil || len(aside) != 1 {
		t.Fatalf("set aside: %v, %v", aside, err)
	}
	if kept, err := os.ReadFile(aside[0]); err != nil || !bytes.Equal(kept, before) {
		t.Errorf("the old file is not what it was, %v", err)
	}
	if out, err := command(t, "ledger", "verify", "--data", dir); err != nil || !strings.Contains(out, "entries    1 to 0 kept") {
		t.Errorf("the new ledger: %v\n%s", err, out)
	}
}

func TestLedger_RestoreMendsWhatVerifyRefuses(t *testing.T) {
	dir := filled(t)
	if out, err := command(t, "ledger", "restore", "--data", dir); err != nil || !strings.Contains(out, "nothing to restore") {
		t.Errorf("of a whole ledger: %v\n%s", err, out)
	}
	path := agentd.LedgerPath(dir)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := 0
	for at := 0; ; flipped++ { // in every copy of the third entry that bbolt left
		i := bytes.Index(file[at:], []byte("小王"))
		if i < 0 {
			break
		}
		at += i + 1
		if flipped%3 == 2 {
			file[at] ^= 1
		}
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := command(t, "ledger", "verify", "--data", dir); err == nil || !strings.Contains(err.Error(), "agent ledger restore") {
		t.Fatalf("verify = %v, want damage and the way out", err)
	}
	out, err := command(t, "ledger", "restore", "--data", dir)
	if err != nil || !strings.Contains(out, "set aside") {
		t.Errorf("restore: %v\n%s", err, out)
	}
	if out, err := command(t, "ledger", "verify", "--data", dir); err != nil {
		t.Errorf("verify afterwards: %v\n%s", err, out)
	}
}
