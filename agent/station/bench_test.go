package station_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/floor"
)

// BenchmarkScan measures from the bytes of a code on the scanner's line to the
// saved view at a page: pty, decoder, floor, fsync, server-sent event. The
// p99-ms that it reports is what staff wait for.
func BenchmarkScan(b *testing.B) {
	s := open(b)
	s.ready()
	events := s.listen()
	s.card(floor.GoReceive)
	wait(b, events, "the mode", func(e event) bool { return e.name == "view" && viewOf(b, e).Mode == floor.Receive })
	codes := []string{salt, label("L1", 20491231), label("L2", 20491231)} // none twice in a row
	var took []time.Duration
	b.ResetTimer()
	for i := range b.N {
		began := time.Now()
		s.scan(codes[i%len(codes)])
		wait(b, events, "saved", func(e event) bool { return e.name == "view" && viewOf(b, e).Tally.Actions == i+1 })
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
}

func viewOf(tb testing.TB, e event) floor.View {
	tb.Helper()
	var v floor.View
	if err := json.Unmarshal(e.data, &v); err != nil {
		tb.Fatal(err)
	}
	return v
}
