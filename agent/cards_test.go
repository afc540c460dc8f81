package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/forestock/forestock/agent/printer/printertest"
)

func TestCards_AreListedAndDrawn(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "agent.yaml")
	if err := os.WriteFile(config, []byte("work: {people: [{badge: \"000017\", name: 小王}]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := command(t, "cards", "--config", config)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"(99)000001 95  指令  Command   确认  OK", "×24", "破损  damaged", "小王"} {
		if !strings.Contains(out, want) {
			t.Errorf("the list lacks %q:\n%s", want, out)
		}
	}
	for _, tt := range []struct{ args, file, begin string }{
		{"cards --out sheet.pdf", "sheet.pdf", "%PDF-"},
		{"cards --out sheet.html bins=A-01-01..A-01-04", "sheet.html", "<!doctype html>"},
		{"cards --out sheet.svg bins=A-01-01..A-01-04", "sheet-2.svg", "<svg"},
		{"cards --paper 60x40@300 --out roll.svg totes=1", "roll.svg", "<svg"},
		{"label (01)06901230000669(17)261231(10)L1 --name 鲜牛奶 --out label.pdf", "label.pdf", "%PDF-"},
		{"label C1065 --out label.zpl", "label.zpl", "^XA"},
		{"label C1065 --out label.tspl --paper 40x30", "label.tspl", "\r\nSIZE 40.0 mm,30.0 mm"},
	} {
		args := strings.Fields(strings.ReplaceAll(tt.args, " --out ", " --out "+dir+"/"))
		if _, err := command(t, args...); err != nil {
			t.Errorf("%s: %v", tt.args, err)
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, tt.file))
		if err != nil || !bytes.HasPrefix(data, []byte(tt.begin)) {
			t.Errorf("%s: %v, %.20q", tt.args, err, data)
		}
	}
	for _, args := range []string{"cards --out sheet.doc", "cards cards", "cards --paper 40x30 --out x.pdf", "label C1065", "label (01)1 --out x.pdf", "label C1 --out x.pdf --paper 1x1"} {
		if out, err := command(t, strings.Fields(args)...); err == nil {
			t.Errorf("%s: %s", args, out)
		}
	}
}

// told is an output that does something when it is told something.
type told struct {
	bytes.Buffer
	what string
	do   func()
}

func (w *told) Write(b []byte) (int, error) {
	if strings.Contains(string(b), w.what) {
		w.do()
	}
	return w.Buffer.Write(b)
}

func TestLabel_IsPrintedWhenThePrinterIsClosed(t *testing.T) {
	toy := printertest.New("tspl")
	toy.Become(printertest.Condition{HeadOpen: true})
	power := toy.On(t, "127.0.0.1:0")
	person := &told{what: "close its lid", do: func() { toy.Become(printertest.Condition{}) }}
	err := run(t.Context(), []string{"label", "C1065", "--to", "tcp://" + power.Address(), "--protocol", "tspl", "--copies", "2"}, person, &bytes.Buffer{})
	if err != nil || !strings.HasSuffix(person.String(), "printed\n") {
		t.Errorf("%v: %q", err, person.String())
	}
	printed, err := toy.Printed()
	if err != nil || len(printed) != 1 || printed[0].Copies != 2 {
		t.Errorf("%d labels, %v", len(printed), err)
	}
}
