package broker

import "github.com/prometheus/client_golang/prometheus"

// metrics count what the broker lets in and keeps out.
type metrics struct {
	open      prometheus.Gauge
	refused   *prometheus.CounterVec // connections, by reason
	denied    *prometheus.CounterVec // of clients that were let in, by what they did
	throttled prometheus.Counter
	dropped   prometheus.Counter
	panics    prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "forestock", Subsystem: "broker", Name: name, Help: help}
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts(opts(name, help)))
	}
	vec := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts(opts(name, help)), []string{label})
	}
	m := &metrics{
		open:      prometheus.NewGauge(prometheus.GaugeOpts(opts("connections", "Open connections, greeted or not."))),
		refused:   vec("connections_refused_total", "Connections that were not let in, by reason.", "reason"),
		denied:    vec("denied_total", "What clients tried that they may not, by action.", "action"),
		throttled: counter("throttled_total", "Packets that had to wait because their client sends too fast."),
		dropped:   counter("frames_dropped_total", "Frames that found no room in an agent's queue; the protocol repeats them."),
		panics:    counter("panics_total", "Defects of the program that were caught."),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.open, m.refused, m.denied, m.throttled, m.dropped, m.panics} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
