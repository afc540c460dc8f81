package ingest

import "github.com/prometheus/client_golang/prometheus"

// metrics count what the desk does.
type metrics struct {
	links       prometheus.Gauge
	received    *prometheus.CounterVec // by kind
	refused     *prometheus.CounterVec // by reason
	fenced      *prometheus.CounterVec // by reason
	sent        *prometheus.CounterVec // by kind
	unsent      prometheus.Counter
	stored      prometheus.Counter
	quarantined prometheus.Counter
	copies      prometheus.Counter
	gaps        prometheus.Counter
	resends     prometheus.Counter
	pulled      *prometheus.CounterVec // by what for
	told        prometheus.Counter
	traced      prometheus.Counter
	takeovers   prometheus.Counter
	rebirths    prometheus.Counter
	recalled    prometheus.Counter
	strays      prometheus.Counter
	took        prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "forestock", Subsystem: "ingest", Name: name, Help: help}
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts(opts(name, help)))
	}
	vec := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts(opts(name, help)), []string{label})
	}
	m := &metrics{
		links:       prometheus.NewGauge(prometheus.GaugeOpts(opts("links", "Warehouses that are served."))),
		received:    vec("frames_received_total", "Frames of agents that were accepted.", "kind"),
		refused:     vec("frames_refused_total", "Frames of agents that were refused, by reason.", "reason"),
		fenced:      vec("frames_fenced_total", "Frames of boxes that may not go on, by reason.", "reason"),
		sent:        vec("frames_sent_total", "Frames handed to the broker.", "kind"),
		unsent:      counter("frames_unsent_total", "Frames that the broker did not take."),
		stored:      counter("entries_stored_total", "Ledger entries stored, each counted once."),
		quarantined: counter("entries_quarantined_total", "Ledger entries that were set aside because they cannot be applied."),
		copies:      counter("batches_repeated_total", "Batches that held nothing new."),
		gaps:        counter("gaps_total", "Batches that began too late; the agent was asked to go back."),
		resends:     counter("down_resends_total", "Down batches sent again because no answer came."),
		pulled:      vec("statements_total", "Statements of all levels of an agent that were gathered whole, by what for.", "for"),
		told:        counter("statement_parts_sent_total", "Parts of the levels of a replaced ledger that were sent to the box that takes over."),
		traced:      counter("traces_total", "Answers about how far an earlier ledger is stored."),
		takeovers:   counter("takeovers_total", "Welcomes that let a box take over from another one."),
		rebirths:    counter("rebirths_total", "Refusals that asked a box to begin a new ledger."),
		recalled:    counter("orders_recalled_total", "Orders that warehouses held and this hub did not know as confirmed."),
		strays:      counter("stray_picks_total", "Picks and shorts for orders that this hub does not know, or that are over."),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "forestock", Subsystem: "ingest", Name: "batch_seconds", Help: "Time from a batch's arrival to its acknowledgement.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.links, m.received, m.refused, m.fenced, m.sent, m.unsent, m.stored, m.quarantined, m.copies, m.gaps, m.resends, m.took,
		m.pulled, m.told, m.traced, m.takeovers, m.rebirths, m.recalled, m.strays,
	} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
