package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/scale"
)

func call(t *testing.T, stdin string, args ...string) (stdout string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	err = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return out.String() + errs.String(), err
}

func TestDecode_AnswersEachLineWithOne(t *testing.T) {
	in := `{"id":"a","kind":"scale","proto":"comma","input_text":"ST,GS,   0.123kg\r\n"}

{"id":"b","kind":"gtin","input_text":"6901234567893"}
nonsense
`
	out, err := call(t, in, "decode")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	wants := []string{`"value":"0.123"`, `"error":"check_digit"`, `"error":"input"`}
	if len(lines) != len(wants) {
		t.Fatalf("%d lines: %s", len(lines), out)
	}
	for i, want := range wants {
		if !json.Valid([]byte(lines[i])) || !strings.Contains(lines[i], want) {
			t.Errorf("line %d: %s, want %s", i+1, lines[i], want)
		}
	}
	if _, err := call(t, strings.Repeat("x", maxLine+1), "decode"); err == nil {
		t.Error("an endless line was read")
	}
}

func TestRun_SaysWhatItIsAndRefusesWhatItIsNot(t *testing.T) {
	for _, args := range [][]string{{"--version"}, {"--help"}, {"probe", "--help"}, {"simulate", "--help"}, {"decode", "--help"}, {"completion", "bash"}} {
		if out, err := call(t, "", args...); err != nil || out == "" {
			t.Errorf("%v: %q, %v", args, out, err)
		}
	}
	for _, args := range [][]string{{"brew"}, {"probe", "--line", "fast"}, {"simulate", "--protocol", "morse"}, {"probe", "ftp://x"}} {
		if _, err := call(t, "", args...); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}

// console is the simulator run by hand.
type console struct {
	t   *testing.T
	in  *io.PipeWriter
	dir string
}

func openConsole(t *testing.T, args ...string) *console {
	t.Helper()
	c := &console{t: t, dir: t.TempDir()}
	r, w := io.Pipe()
	c.in = w
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, append([]string{"simulate", "--dir", c.dir, "--settle", "1ms"}, args...), r, io.Discard, io.Discard)
	}()
	t.Cleanup(func() {
		cancel()
		w.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for {
		if _, err := os.Lstat(filepath.Join(c.dir, "scanner")); err == nil {
			return c
		}
		time.Sleep(time.Millisecond)
	}
}

func (c *console) types(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

func TestSimulate_DoesWhatThePersonTypes(t *testing.T) {
	c := openConsole(t, "--protocol", "comma")
	cfg := port.DefaultConfig()
	cfg.Address = filepath.Join(c.dir, "scale")
	p, err := port.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	family, err := scale.Find("comma")
	if err != nil {
		t.Fatal(err)
	}
	d := family.NewDecoder(scale.Profile{})
	see := func(want string) {
		t.Helper()
		for e := range p.Events() {
			for _, x := range d.Feed(e.Bytes, e.At) {
				if r, ok := x.(scale.Reading); ok && r.Value.String()+string(r.Fault) == want {
					return
				}
			}
		}
	}
	c.types("put 1250")
	see("1.250")
	c.types("tare")
	see("0.000")
	c.types("add 100")
	see("0.100")
	c.types("nonsense")
	c.types("put much")
	c.types("bend scale split")
	c.types("put 99000")
	see("0overload")
	c.types("bend scale well")
	c.types("unplug scale")
	c.types("plug scale")
	c.types("clear")
	see("-1.250")
	c.types("quit")
}

func TestProbe_TellsPeopleAndMachinesWhatIsThere(t *testing.T) {
	c := openConsole(t, "--protocol", "comma")
	name := filepath.Join(c.dir, "scale")
	out, err := call(t, "", "probe", name, "--listen", "10s")
	if err != nil || !strings.Contains(out, "seems to be   comma at 9600 8N1") {
		t.Errorf("probe: %v\n%s", err, out)
	}
	out, err = call(t, "", "probe", name, filepath.Join(c.dir, "none"), "--json", "--listen", "100ms")
	var results []map[string]any
	if err != nil || json.Unmarshal([]byte(out), &results) != nil || len(results) != 2 || results[1]["state"] != "absent" {
		t.Errorf("probe --json: %v\n%s", err, out)
	}
}

func TestBench_RefusesWhatItDoesNotKnow(t *testing.T) {
	b := &bench{}
	for _, line := range []string{"put", "put x", "unplug", "unplug mouse", "bend mouse split", "dance"} {
		if answer, err := b.do(line); err == nil {
			t.Errorf("%q: %s", line, answer)
		}
	}
	for _, s := range []string{"", "twist", "noise much"} {
		if f, err := parseFaults(s); err == nil {
			t.Errorf("fault %q: %+v", s, f)
		}
	}
	if got := unescape(`01\x1d10"A`); got != "01\x1d10\"A" {
		t.Errorf("unescape: %q", got)
	}
}

// recordUntil records until the file, the last argument, has a text.
func recordUntil(t *testing.T, text string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, append([]string{"record"}, args...), strings.NewReader(""), io.Discard, io.Discard)
	}()
	for {
		if b, err := os.ReadFile(args[len(args)-1]); err == nil && strings.Contains(string(b), text) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestRecord_WritesADialogueThatReplayPlaysAndExplains(t *testing.T) {
	c := openConsole(t, "--protocol", "enq-dc1")
	c.types("put 488")
	file := filepath.Join(t.TempDir(), "scale.txt")
	recordUntil(t, `S 00.488kg`, filepath.Join(c.dir, "scale"), "--protocol", "enq-dc1", "--out", file)
	out, err := call(t, "", "replay", file, "--decode", "enq-dc1")
	if err != nil || !strings.Contains(out, "weight 0.488 kg stable") || !strings.Contains(out, "ready") {
		t.Fatalf("explained: %v\n%s", err, out)
	}
	// Played again, the recorded scale is recorded once more.
	name, again := filepath.Join(t.TempDir(), "again"), filepath.Join(t.TempDir(), "again.txt")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"replay", file, "--name", name}, strings.NewReader(""), io.Discard, io.Discard)
	}()
	for {
		if _, err := os.Lstat(name); err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	recordUntil(t, `S 00.488kg`, name, "--protocol", "enq-dc1", "--out", again)
	cancel()
	<-done
	if out, err := call(t, "", "replay", again, "--decode", "enq-dc1"); err != nil || !strings.Contains(out, "weight 0.488 kg stable") {
		t.Errorf("recorded again: %v\n%s", err, out)
	}
	for _, args := range [][]string{
		{"replay", filepath.Join(c.dir, "none")},
		{"replay", file, "--decode", "morse"},
		{"record", filepath.Join(c.dir, "scale"), "--protocol", "morse"},
		{"record", filepath.Join(c.dir, "scale"), "--line", "fast"},
		{"record", "ftp://x"},
		{"record", filepath.Join(c.dir, "scale"), "--out", filepath.Join(c.dir, "no", "where")},
	} {
		if _, err := call(t, "", args...); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}

func TestServe_LendsWhatItIsTold(t *testing.T) {
	c := openConsole(t)
	dir := t.TempDir()
	keyFile := filepath.Join(dir, "lend.key")
	out, err := call(t, "", "serve", "--new-key")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keyFile, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	free, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() {
		device := "scanner-1=" + filepath.Join(c.dir, "scanner") + ",9600 8N1"
		done <- run(ctx, []string{"serve", "--listen", address, "--key", keyFile, "--device", device}, strings.NewReader(""), io.Discard, io.Discard)
	}()
	cfg := port.DefaultConfig()
	cfg.Address, cfg.Key = "lend://"+address+"/scanner-1", strings.TrimSpace(out)
	p, err := port.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	for e := range p.Events() {
		if e.Status != nil && e.Status.State == port.Ready {
			c.types("scan 6901234567892")
		}
		if string(e.Bytes) == "6901234567892\r" {
			break
		}
	}
}

func TestServe_RefusesToStartHalfSet(t *testing.T) {
	dir := t.TempDir()
	open, bad, good := filepath.Join(dir, "open"), filepath.Join(dir, "bad"), filepath.Join(dir, "good")
	key := strings.Repeat("0", 64)
	for name, file := range map[string]struct {
		text string
		mode os.FileMode
	}{open: {key, 0o644}, bad: {"secret", 0o600}, good: {key, 0o600}} {
		if err := os.WriteFile(name, []byte(file.text), file.mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"serve"},
		{"serve", "--key", filepath.Join(dir, "none")},
		{"serve", "--key", open, "--device", "a=/dev/null"},
		{"serve", "--key", bad, "--device", "a=/dev/null"},
		{"serve", "--key", good},
		{"serve", "--key", good, "--device", "a"},
		{"serve", "--key", good, "--device", "a=/dev/null,fast"},
		{"serve", "--key", good, "--device", "a="},
		{"serve", "--key", good, "--device", "a=/dev/null", "--listen", "nowhere:x"},
	} {
		if _, err := call(t, "", args...); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}
