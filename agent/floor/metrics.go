package floor

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what happens at one station.
type metrics struct {
	scans   prometheus.Counter
	repeats prometheus.Counter
	dropped prometheus.Counter
	sounds  *prometheus.CounterVec
	refused *prometheus.CounterVec
	took    prometheus.Histogram
}

func newMetrics(station string, reg prometheus.Registerer) (metrics, error) {
	labels := prometheus.Labels{"station": station}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "forestock_station_" + name, Help: help, ConstLabels: labels})
	}
	vector := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "forestock_station_" + name, Help: help, ConstLabels: labels}, []string{label})
	}
	m := metrics{
		scans:   counter("scans_total", "Codes that were taken."),
		repeats: counter("double_reads_total", "Reads of the same code that came too soon to count."),
		dropped: counter("scans_dropped_total", "Codes that found too many others waiting and were not taken."),
		sounds:  vector("answers_total", "Answers to people, by sound.", "sound"),
		refused: vector("refusals_total", "Refusals, by reason.", "reason"),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "forestock_station_answer_seconds", Help: "From the arrival of a code, key or weight to its answer, with the disk.",
			ConstLabels: labels, Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
	}
	for _, c := range []prometheus.Collector{m.scans, m.repeats, m.dropped, m.sounds, m.refused, m.took} {
		if err := reg.Register(c); err != nil {
			return metrics{}, err
		}
	}
	return m, nil
}

// observe counts one input that was carried to its end.
func (m *metrics) observe(j job, e Effect) {
	switch j.in.(type) {
	case Scan:
		m.scans.Inc()
	case Repeat:
		if e.Sound == SoundTick {
			m.repeats.Inc()
		} else {
			m.scans.Inc()
		}
	}
	if e.Sound == Silence {
		return
	}
	m.sounds.WithLabelValues(string(e.Sound)).Inc()
	m.took.Observe(time.Since(j.since).Seconds())
	if e.Sound == SoundRefuse && e.View.Alert != nil {
		m.refused.WithLabelValues(string(e.View.Alert.Reason)).Inc()
	}
}
