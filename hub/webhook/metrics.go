package webhook

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct{ delivered, failed, dead *prometheus.CounterVec }

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"webhook"})
	}
	m := &metrics{
		delivered: counter("forestock_webhook_delivered_total", "Events that the endpoint took."),
		failed:    counter("forestock_webhook_failed_total", "Attempts that failed."),
		dead:      counter("forestock_webhook_given_up_total", "Events that became dead letters."),
	}
	return m, errors.Join(registry.Register(m.delivered), registry.Register(m.failed), registry.Register(m.dead))
}

// forget takes the metrics of an endpoint that was removed away.
func (m *metrics) forget(id string) {
	for _, v := range [...]*prometheus.CounterVec{m.delivered, m.failed, m.dead} {
		v.DeleteLabelValues(id)
	}
}

var (
	waitingDesc = prometheus.NewDesc("forestock_webhook_waiting_events", "Events that wait for the endpoint in memory.", []string{"webhook"}, nil)
	parkedDesc  = prometheus.NewDesc("forestock_webhook_parked_events", "Events of stuck keys that wait for the endpoint on disk.", []string{"webhook"}, nil)
	deadDesc    = prometheus.NewDesc("forestock_webhook_dead_letters", "Events that the endpoint did not take in time.", []string{"webhook"}, nil)
	oldestDesc  = prometheus.NewDesc("forestock_webhook_oldest_timestamp_seconds", "When the oldest event that waits for the endpoint happened; absent when none waits.", []string{"webhook"}, nil)
	offDesc     = prometheus.NewDesc("forestock_webhook_off", "1 while nothing is sent to the endpoint.", []string{"webhook"}, nil)
)

// Describe is part of prometheus.Collector.
func (o *Office) Describe(out chan<- *prometheus.Desc) {
	for _, d := range [...]*prometheus.Desc{waitingDesc, parkedDesc, deadDesc, oldestDesc, offDesc} {
		out <- d
	}
}

// Collect tells how every endpoint is doing at the moment of the scrape.
func (o *Office) Collect(out chan<- prometheus.Metric) {
	for _, e := range o.list() {
		gauge := func(d *prometheus.Desc, v float64) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, e.ID)
		}
		off := 0.0
		if e.Off != "" {
			off = 1
		}
		gauge(offDesc, off)
		gauge(waitingDesc, float64(e.status.Waiting))
		gauge(parkedDesc, float64(e.status.Parked))
		gauge(deadDesc, float64(e.status.Dead))
		if !e.status.Oldest.IsZero() {
			gauge(oldestDesc, float64(e.status.Oldest.UnixMilli())/1e3)
		}
	}
}
