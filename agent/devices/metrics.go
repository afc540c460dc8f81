package devices

import "github.com/prometheus/client_golang/prometheus"

var (
	stateDesc      = prometheus.NewDesc("forestock_device_state", "1 for the state that the device is in.", []string{"device", "kind", "station", "state"}, nil)
	eventsDesc     = prometheus.NewDesc("forestock_device_events_total", "Codes or readings that the device sent.", []string{"device", "kind"}, nil)
	suppressedDesc = prometheus.NewDesc("forestock_device_double_reads_total", "Double reads that did not count.", []string{"device", "kind"}, nil)
	brokenDesc     = prometheus.NewDesc("forestock_device_broken_total", "Fragments, no-reads and broken frames.", []string{"device", "kind"}, nil)
	lostDesc       = prometheus.NewDesc("forestock_device_lost_bytes_total", "Bytes dropped because they were not taken in time.", []string{"device", "kind"}, nil)
	openedDesc     = prometheus.NewDesc("forestock_device_opened_total", "How often the device was opened.", []string{"device", "kind"}, nil)
)

// collector reports the states when it is asked.
type collector struct{ *Devices }

// Describe is part of prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{stateDesc, eventsDesc, suppressedDesc, brokenDesc, lostDesc, openedDesc} {
		ch <- d
	}
}

// Collect is part of prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	for _, s := range c.States() {
		kind := string(s.Kind)
		ch <- prometheus.MustNewConstMetric(stateDesc, prometheus.GaugeValue, 1, s.Device, kind, s.Station, string(s.Word))
		for desc, n := range map[*prometheus.Desc]uint64{
			eventsDesc: s.Events, suppressedDesc: s.Suppressed, brokenDesc: s.Broken, lostDesc: s.LostBytes, openedDesc: s.Opened,
		} {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), s.Device, kind)
		}
	}
}
