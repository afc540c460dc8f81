package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func TestShutdown_EndsWatchesWithAStatusThatSaysSo(t *testing.T) {
	w := newWorld(t)
	shop(w)
	f := w.watcher(&forestockv1.WatchAvailabilityRequest{})
	f.open()
	f.until("a bookmark", bookmarked)
	lines := w.follow("Accept: application/json")
	lines.until(`"bookmark":true`)
	events := w.follow("Accept: text/event-stream")
	events.until("event: bookmark")

	go w.stop()
	var err error
	for err == nil {
		_, err = f.next()
	}
	r := refusalOfStatus(status.Convert(err))
	if r.code != codes.Unavailable || r.reason != ShuttingDown || r.retry <= 0 {
		t.Errorf("gRPC: %v %s after %v", r.code, r.reason, r.retry)
	}
	if last := lines.rest(); !strings.Contains(last, `"reason":"SHUTTING_DOWN"`) || !strings.HasPrefix(last, `{"error":{"code":503,`) {
		t.Errorf("lines end with %q", last)
	}
	if last := events.rest(); !strings.Contains(last, `"reason":"SHUTTING_DOWN"`) {
		t.Errorf("events end with %q", last)
	}
	w.stop()
}

// following reads a watch over HTTP line by line.
type following struct {
	t     testing.TB
	lines *bufio.Scanner
	body  io.Closer
}

func (w *world) follow(headers ...string) *following {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url("/v1/availability:watch"), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		w.t.Fatalf("HTTP %d", resp.StatusCode)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	return &following{t: w.t, lines: lines, body: resp.Body}
}

// until reads on up to a line that holds the text.
func (f *following) until(text string) string {
	f.t.Helper()
	for f.lines.Scan() {
		// protojson varies its spaces on purpose.
		line := strings.ReplaceAll(f.lines.Text(), ": ", ":")
		if strings.Contains(line, strings.ReplaceAll(text, ": ", ":")) {
			return f.lines.Text()
		}
	}
	f.t.Fatalf("the stream ended before %q: %v", text, f.lines.Err())
	return ""
}

// rest gives the last line that is not empty.
func (f *following) rest() string {
	f.t.Helper()
	var last string
	for f.lines.Scan() {
		if line := f.lines.Text(); line != "" {
			last = line
		}
	}
	if err := f.lines.Err(); err != nil && !errors.Is(err, io.EOF) {
		f.t.Errorf("the stream was cut off: %v", err)
	}
	_, data, _ := strings.Cut(last, "data: ")
	if data == "" {
		data = last
	}
	return strings.NewReplacer(`": `, `":`, `, "`, `,"`).Replace(data)
}

func TestEvents_GoOnFromTheLastEventID(t *testing.T) {
	w := newWorld(t)
	b := shop(w)
	first := w.follow("Accept: text/event-stream")
	first.until("event: bookmark")
	id := strings.TrimPrefix(first.until("id: "), "id: ")
	_ = first.body.Close()

	b.receive("milk-1l", 1)
	second := w.follow("Accept: text/event-stream", "Last-Event-ID: "+id)
	second.until("event: availability")
	data := strings.TrimPrefix(second.until("data: "), "data: ")
	var fields struct {
		Availability struct {
			Name   string
			OnHand int32 `json:"on_hand"`
		}
	}
	if err := json.Unmarshal([]byte(data), &fields); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	if fields.Availability.Name != "warehouses/wh-01/skus/milk-1l" || fields.Availability.OnHand != 18 {
		t.Errorf("the first thing told is %s, want the one change", data)
	}
}
