package agentd

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

func TestDaysLeft(t *testing.T) {
	const gib = 1 << 30
	for _, c := range []struct {
		name string
		room int64
		pace pace
		want float64
	}{
		{"a new box: the least pace, not for ever", gib, pace{}, 1024},
		{"an idle box", gib, pace{10, 7 * day, 200}, 1024},
		{"a usual one", 700 << 20, pace{7 * 10_000, 7 * day, 440}, 143.36},
		{"the busiest", 512 << 20, pace{7 * 120_000, 7 * day, 440}, 8.74},
		{"a first hour counts as a day", 1 << 30, pace{20_000, time.Hour, 440}, 104.86},
		{"a clock set back", 1 << 30, pace{20_000, -time.Hour, 440}, 104.86},
		{"nearly full", 10 << 20, pace{7 * 40_000, 7 * day, 440}, 0.51},
		{"full", 0, pace{7 * 40_000, 7 * day, 440}, 0},
		{"beyond full", -5, pace{}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := daysLeft(c.room, c.pace); got < c.want-0.01 || got > c.want+0.01 {
				t.Errorf("daysLeft(%d, %+v) = %.3f, want %.2f", c.room, c.pace, got, c.want)
			}
		})
	}
}

func TestMeasure_CountsTheLastWeek(t *testing.T) {
	l := book(t)
	if got, err := measure(t.Context(), l, today); err != nil || got != (pace{}) {
		t.Errorf("pace of an empty ledger = %+v, %v", got, err)
	}
	fill(t, l, 300, today.Add(-20*day))
	fill(t, l, 150, today.Add(-5*day))
	fill(t, l, 50, today.Add(-time.Hour))
	got, err := measure(t.Context(), l, today)
	if err != nil {
		t.Fatal(err)
	}
	size := got.mean
	if diff := cmp.Diff(pace{200, 5 * day, size}, got, cmp.AllowUnexported(pace{})); diff != "" || size < 30 || size > 300 {
		t.Errorf("pace (-want +got), entries of %d bytes:\n%s", size, diff)
	}
	if got, err = measure(t.Context(), l, today.Add(30*day)); err != nil || got.entries != 0 {
		t.Errorf("pace after a month without work = %+v, %v", got, err)
	}
}

// The estimate is worth something when what it is made of is what the file
// really takes.
func TestBudget_AnEntryTakesWhatItIsTakenToTake(t *testing.T) {
	l := book(t)
	r := prometheus.NewRegistry()
	b, err := newBudget(l, r, quiet())
	if err != nil {
		t.Fatal(err)
	}
	fill(t, l, 1000, today)
	before := l.Room()
	const more = 5000
	fill(t, l, more, today)
	p, err := measure(t.Context(), l, today)
	if err != nil {
		t.Fatal(err)
	}
	took, want := float64(before-l.Room()), float64(more)*float64(p.mean+entryCost)
	if took < 0.5*want || took > 1.2*want {
		t.Errorf("%d entries took %.0f bytes of room, estimated were %.0f", more, took, want)
	}
	b.pace.Store(&p)
	families, err := r.Gather()
	if err != nil || len(families) != 1 || families[0].GetMetric()[0].GetGauge().GetValue() != b.days() {
		t.Errorf("metrics = %v, %v; want the days that are left, %v", families, err, b.days())
	}
}
