package api

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
)

// metrics are what the API counts.
type metrics struct {
	calls   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	refused *prometheus.CounterVec
	sent    prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "forestock_api_calls_total", Help: "Calls answered, by method, form (grpc or rest) and gRPC code.",
		}, []string{"method", "form", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "forestock_api_call_seconds", Help: "Time from a call's arrival to its answer; watches last as long as they are watched.",
			Buckets: []float64{.0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 10},
		}, []string{"method", "form"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "forestock_api_refused_total", Help: "Calls that were not a success, by reason.",
		}, []string{"reason"}),
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "forestock_api_watch_sent_total", Help: "Numbers sent to watches.",
		}),
	}
	for _, c := range []prometheus.Collector{m.calls, m.seconds, m.refused, m.sent} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// counters are those of one method in one form. The usual case is looked up
// once; the others come to exist when they happen.
type counters struct {
	ok      prometheus.Counter
	other   *prometheus.CounterVec
	seconds prometheus.Observer
}

func (m *metrics) of(method, form string) *counters {
	with := prometheus.Labels{"method": method, "form": form}
	return &counters{
		ok:      m.calls.WithLabelValues(method, form, codes.OK.String()),
		other:   m.calls.MustCurryWith(with),
		seconds: m.seconds.With(with),
	}
}

func (c *counters) add(code codes.Code, took time.Duration) {
	if code == codes.OK {
		c.ok.Inc()
	} else {
		c.other.WithLabelValues(code.String()).Inc()
	}
	c.seconds.Observe(took.Seconds())
}

// countRunning exports how full the gate's rooms are.
func countRunning(r prometheus.Registerer, g *gate) error {
	for name, of := range map[string]*room{"calls": &g.calls, "streams": &g.streams} {
		running := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "forestock_api_" + name + "_running", Help: "The " + name + " that run now.",
		}, func() float64 { return float64(of.used.Load()) })
		if err := r.Register(running); err != nil {
			return err
		}
	}
	return nil
}
