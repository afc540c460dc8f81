package agentd

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/proto/stock"
)

func TestScrubEvery_ReadsAFileOfAnySizeInADay(t *testing.T) {
	for _, c := range []struct {
		used int64
		want time.Duration
	}{
		{0, 15 * time.Second},
		{1 << 30, 15 * time.Second},
		{5760 << 20, 15 * time.Second},
		{100 << 30, 843750 * time.Microsecond},
	} {
		if got := scrubEvery(c.used); got != c.want {
			t.Errorf("scrubEvery(%d) = %v, want %v", c.used, got, c.want)
		}
	}
}

// scrubAll lets a pass run to its end.
func scrubAll(t *testing.T, s *scrub) {
	t.Helper()
	for after, steps := stock.Seq(0), 0; steps == 0 || after != 0; steps++ {
		var err error
		if after, err = s.step(t.Context(), after, today); err != nil {
			t.Fatal(err)
		}
	}
}

// A bit that flips under a running agent is logged once, shown with its entry
// and counted, until a pass finds the file whole again.
func TestScrub_ShowsABitThatFlipped(t *testing.T) {
	l, path := bookAt(t)
	fill(t, l, 6000, today)
	r := prometheus.NewRegistry()
	var logged bytes.Buffer
	s, err := newScrub(l, r, slog.New(slog.NewTextHandler(&logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if damaged, passed := s.status(); len(damaged) != 0 || passed != nil {
		t.Errorf("before the first pass: %v, %v", damaged, passed)
	}
	scrubAll(t, s)
	if damaged, passed := s.status(); len(damaged) != 0 || passed == nil || logged.Len() != 0 {
		t.Fatalf("a whole ledger: %v, %v, logged %s", damaged, passed, logged.String())
	}
	batch, _, err := l.Read(t.Context(), 4241, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	flip(t, path, batch.Entries[0])
	for range 2 {
		scrubAll(t, s)
		damaged, _ := s.status()
		if diff := cmp.Diff([]DamageStatus{{4242, 4242, "hash does not fit"}}, damaged); diff != "" {
			t.Errorf("damaged (-want +got):\n%s", diff)
		}
		if got := gathered(t, r, "forestock_ledger_damaged"); got != 1 {
			t.Errorf("forestock_ledger_damaged = %v, want 1", got)
		}
	}
	if n := strings.Count(logged.String(), "from=4242"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, logged.String())
	}
	flipped := bytes.Clone(batch.Entries[0])
	flipped[len(flipped)/2] ^= 4
	flip(t, path, flipped)
	scrubAll(t, s)
	if damaged, _ := s.status(); len(damaged) != 0 {
		t.Errorf("whole again: %v", damaged)
	}
}

// flip changes one bit in every copy of an entry that stands in a file.
func flip(t *testing.T, path string, entry []byte) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	middle := len(entry) / 2
	for from := bytes.Index(file, entry); from >= 0; {
		if _, err := f.WriteAt([]byte{entry[middle] ^ 4}, int64(from+middle)); err != nil {
			t.Fatal(err)
		}
		next := bytes.Index(file[from+1:], entry)
		if next < 0 {
			return
		}
		from += 1 + next
	}
	t.Fatal("the entry is not in the file")
}

func gathered(t *testing.T, r *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
