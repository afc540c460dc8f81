package agentd

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/agent/ledger"
)

// ledgerGauge is one number of the ledger's status.
type ledgerGauge struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*ledger.Status) float64
}

func gauge(name, help string, value func(*ledger.Status) float64) ledgerGauge {
	return ledgerGauge{prometheus.NewDesc("forestock_ledger_"+name, help, nil, nil), prometheus.GaugeValue, value}
}

func counter(name, help string, value func(*ledger.Status) float64) ledgerGauge {
	return ledgerGauge{prometheus.NewDesc("forestock_ledger_"+name, help, nil, nil), prometheus.CounterValue, value}
}

// ledgerMetrics reports the ledger's status when it is asked.
type ledgerMetrics struct {
	ledger *ledger.Ledger
	gauges []ledgerGauge
}

func registerLedger(r prometheus.Registerer, l *ledger.Ledger) error {
	m := &ledgerMetrics{l, []ledgerGauge{
		gauge("last_entry", "Number of the newest entry.", func(s *ledger.Status) float64 { return float64(s.Position.Last) }),
		gauge("unsent_entries", "Entries that the hub has not stored.", func(s *ledger.Status) float64 { return float64(s.Unsent) }),
		gauge("cells", "Cells whose level is not zero.", func(s *ledger.Status) float64 { return float64(s.Cells) }),
		gauge("items", "Items of the catalogue.", func(s *ledger.Status) float64 { return float64(s.Items) }),
		gauge("file_bytes", "Length of the ledger's file.", func(s *ledger.Status) float64 { return float64(s.FileBytes) }),
		gauge("used_bytes", "Bytes of the file in use.", func(s *ledger.Status) float64 { return float64(s.UsedBytes) }),
		gauge("max_bytes", "How long the file may get.", func(s *ledger.Status) float64 { return float64(s.MaxBytes) }),
		gauge("disk_free_bytes", "Bytes free in the ledger's file system; -1 where unknown.", func(s *ledger.Status) float64 { return float64(s.DiskFree) }),
		gauge("full", "1 while new work is refused for want of room.", func(s *ledger.Status) float64 { return bit(s.Full) }),
		gauge("last_commit_seconds", "How long the newest commit took.", func(s *ledger.Status) float64 { return s.LastCommit.Seconds() }),
		gauge("restored_timestamp_seconds", "When the ledger's damaged file was last restored; 0 for never.", func(s *ledger.Status) float64 {
			if s.Restored == nil {
				return 0
			}
			return float64(s.Restored.Time.Unix())
		}),
		gauge("predecessors", "Ledgers that were set aside for this one.", func(s *ledger.Status) float64 { return float64(len(s.Predecessors)) }),
		gauge("levels_missing", "1 while the levels of the ledger before were not taken over yet.", func(s *ledger.Status) float64 {
			return bit(len(s.Predecessors) > 0 && s.TookOver.IsZero() && s.Stored == 0)
		}),
		counter("commits_total", "Commits since the start.", func(s *ledger.Status) float64 { return float64(s.Commits) }),
		counter("written_bytes_total", "Bytes of pages handed to the file system since the start.", func(s *ledger.Status) float64 { return float64(s.WrittenBytes) }),
		counter("down_refused_total", "Entries of the down stream that broke a rule.", func(s *ledger.Status) float64 { return float64(s.DownRefused) }),
	}}
	if err := r.Register(m); err != nil {
		return fmt.Errorf("register ledger metrics: %w", err)
	}
	return nil
}

// Describe is part of prometheus.Collector.
func (m *ledgerMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, g := range m.gauges {
		ch <- g.desc
	}
}

// Collect is part of prometheus.Collector.
func (m *ledgerMetrics) Collect(ch chan<- prometheus.Metric) {
	s := m.ledger.Status()
	for _, g := range m.gauges {
		ch <- prometheus.MustNewConstMetric(g.desc, g.kind, g.value(&s))
	}
}

// metric is one number that is asked for when it is wanted.
type metric struct {
	name, help string
	value      func() float64
}

func register(r prometheus.Registerer, all ...metric) error {
	for _, m := range all {
		if err := r.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: m.name, Help: m.help}, m.value)); err != nil {
			return fmt.Errorf("register metric %s: %w", m.name, err)
		}
	}
	return nil
}

func bit(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
