package printer

import "github.com/prometheus/client_golang/prometheus"

var (
	labels      = []string{"printer", "station"}
	stateDesc   = prometheus.NewDesc("forestock_printer_state", "1 for the state that the printer is in.", []string{"printer", "station", "state"}, nil)
	waitingDesc = prometheus.NewDesc("forestock_printer_labels_waiting", "Labels that are not printed yet.", labels, nil)
	printedDesc = prometheus.NewDesc("forestock_printer_labels_total", "Labels that were printed.", labels, nil)
	refusedDesc = prometheus.NewDesc("forestock_printer_refused_total", "Labels that found the queue full, or could not be drawn.", labels, nil)
)

// collector reports the state when it is asked.
type collector struct{ *Printer }

// Describe is part of prometheus.Collector. It describes nothing, so that each
// printer of a warehouse can register one.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect is part of prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	s := c.State()
	ch <- prometheus.MustNewConstMetric(stateDesc, prometheus.GaugeValue, 1, s.Name, s.Station, string(s.Word))
	ch <- prometheus.MustNewConstMetric(waitingDesc, prometheus.GaugeValue, float64(s.Waiting), s.Name, s.Station)
	ch <- prometheus.MustNewConstMetric(printedDesc, prometheus.CounterValue, float64(s.Printed), s.Name, s.Station)
	ch <- prometheus.MustNewConstMetric(refusedDesc, prometheus.CounterValue, float64(s.Refused), s.Name, s.Station)
}
