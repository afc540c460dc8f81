package uplink

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/proto/wire"
)

// metrics count what the link does.
type metrics struct {
	sent        *prometheus.CounterVec // by kind
	copies      prometheus.Counter
	received    *prometheus.CounterVec // by kind
	refused     *prometheus.CounterVec // by reason
	dropped     *prometheus.CounterVec // by queue
	connections *prometheus.CounterVec // by result
	fences      *prometheus.CounterVec // by reason
	roundTrip   prometheus.Histogram
	unsent      prometheus.Gauge
	lastAck     prometheus.Gauge
	state       *prometheus.GaugeVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "forestock", Subsystem: "uplink", Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "forestock", Subsystem: "uplink", Name: name, Help: help})
	}
	m := &metrics{
		sent:        counter("frames_sent_total", "Frames handed to the line, copies included.", "kind"),
		received:    counter("frames_received_total", "Frames of the hub that were accepted.", "kind"),
		refused:     counter("frames_refused_total", "Frames of the hub that were refused, by reason.", "reason"),
		dropped:     counter("frames_dropped_total", "Frames that found no room in a queue; the protocol repeats them.", "queue"),
		connections: counter("connections_total", "Connections to a broker, by how the attempt went.", "result"),
		fences:      counter("fences_total", "Times that sending was stopped because the hub or the ledger forbade it, by reason.", "reason"),
		unsent:      gauge("unsent_entries", "Entries that the hub is not known to have stored."),
		lastAck:     gauge("last_ack_timestamp_seconds", "When the hub last confirmed something new, in Unix seconds; 0 for never."),
		copies: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "forestock", Subsystem: "uplink", Name: "resends_total", Help: "Frames sent again because no answer came.",
		}),
		roundTrip: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "forestock", Subsystem: "uplink", Name: "round_trip_seconds", Help: "Time of a ping to the hub and back.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}),
		state: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "forestock", Subsystem: "uplink", Name: "state", Help: "1 for the state that the link is in, 0 for the others.",
		}, []string{"state"}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.sent, m.received, m.refused, m.dropped, m.connections, m.fences, m.unsent, m.lastAck, m.copies, m.roundTrip, m.state,
	} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) show(s *Status) {
	m.unsent.Set(float64(s.Unsent))
	if !s.LastAck.IsZero() {
		m.lastAck.Set(float64(s.LastAck.UnixMilli()) / 1000)
	}
	for _, state := range []State{Offline, Connecting, Fenced, Hello, TakingOver, Draining, Synced} {
		v := 0.0
		if state == s.State {
			v = 1
		}
		m.state.WithLabelValues(string(state)).Set(v)
	}
}

func (m *metrics) count(a send) {
	m.sent.WithLabelValues(a.kind.String()).Inc()
	if a.copy {
		m.copies.Inc()
	}
}

func (m *metrics) refuse(err error) { m.refused.WithLabelValues(string(wire.ReasonOf(err))).Inc() }
