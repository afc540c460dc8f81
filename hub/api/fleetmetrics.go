package api

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The metrics of every warehouse, for alert rules.
var (
	ageDesc         = prometheus.NewDesc("forestock_warehouse_age_seconds", "Time since the numbers of the warehouse were last known to be complete; absent when that was never.", []string{"warehouse"}, nil)
	unsentDesc      = prometheus.NewDesc("forestock_warehouse_unsent_entries", "Entries that the warehouse is known to have and the hub has not.", []string{"warehouse"}, nil)
	quarantinedDesc = prometheus.NewDesc("forestock_warehouse_quarantined_entries", "Entries that could not be applied and were set aside.", []string{"warehouse"}, nil)
	divergedDesc    = prometheus.NewDesc("forestock_warehouse_diverged", "1 while hub and warehouse disagree about the levels.", []string{"warehouse"}, nil)
	reportedDesc    = prometheus.NewDesc("forestock_warehouse_reported", "1 while levels are served that the warehouse stated, because their history is still on the way.", []string{"warehouse"}, nil)
	offsetDesc      = prometheus.NewDesc("forestock_warehouse_clock_offset_seconds", "The agent's clock minus the hub's; absent until the agent was heard from.", []string{"warehouse"}, nil)
)

// fleetMetrics tells how every warehouse stands at the moment of the scrape.
type fleetMetrics struct{ pulse *pulse }

// Describe lists the metrics.
func (f *fleetMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range [...]*prometheus.Desc{ageDesc, unsentDesc, quarantinedDesc, divergedDesc, reportedDesc, offsetDesc} {
		out <- d
	}
}

// Collect measures every warehouse.
func (f *fleetMetrics) Collect(out chan<- prometheus.Metric) {
	now := time.Now()
	for _, s := range f.pulse.stock.Warehouses() {
		gauge := func(d *prometheus.Desc, v float64) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, string(s.Warehouse))
		}
		sign := f.pulse.of(&s, now)
		if !sign.AsOf.IsZero() {
			gauge(ageDesc, sign.Age.Seconds())
		}
		if !sign.Heard.IsZero() {
			gauge(offsetDesc, sign.Offset.Seconds())
		}
		gauge(unsentDesc, float64(s.Unsent()))
		gauge(quarantinedDesc, float64(s.Quarantined))
		gauge(divergedDesc, oneIf(s.Divergence != nil))
		gauge(reportedDesc, oneIf(s.Reported != nil))
	}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
