package hubd

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/hub/store"
)

// The metrics of the store.
var (
	groupsDesc   = prometheus.NewDesc("forestock_store_syncs_total", "Groups of commands that were made durable with one sync each.", nil, nil)
	commandsDesc = prometheus.NewDesc("forestock_store_commands_total", "Commands that were applied.", nil, nil)
	entriesDesc  = prometheus.NewDesc("forestock_store_entries_total", "Ledger entries that were stored.", nil, nil)
	bytesDesc    = prometheus.NewDesc("forestock_store_written_bytes_total", "Bytes that were written to the write-ahead log.", nil, nil)
	diskDesc     = prometheus.NewDesc("forestock_store_disk_bytes", "Bytes that the store uses on disk.", nil, nil)
)

// storeMetrics tells what the store has done at the moment of the scrape.
type storeMetrics struct{ store *store.Pebble }

// Describe lists the metrics.
func (m storeMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range [...]*prometheus.Desc{groupsDesc, commandsDesc, entriesDesc, bytesDesc, diskDesc} {
		out <- d
	}
}

// Collect reads the store's counters.
func (m storeMetrics) Collect(out chan<- prometheus.Metric) {
	s := m.store.Stats()
	for _, c := range []struct {
		desc *prometheus.Desc
		kind prometheus.ValueType
		n    uint64
	}{
		{groupsDesc, prometheus.CounterValue, s.Groups},
		{commandsDesc, prometheus.CounterValue, s.Commands},
		{entriesDesc, prometheus.CounterValue, s.Entries},
		{bytesDesc, prometheus.CounterValue, s.Bytes},
		{diskDesc, prometheus.GaugeValue, s.DiskBytes},
	} {
		out <- prometheus.MustNewConstMetric(c.desc, c.kind, float64(c.n))
	}
}
