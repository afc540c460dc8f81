package api

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// audit compares what is counted as claimed with the open reservations, one
// warehouse after the other for as long as the hub runs, and remembers what it
// found. It is safe for concurrent use.
//
// The store answers nobody else while it adds up, so a look is followed by a
// pause a few hundred times as long.
type audit struct {
	stock Stock
	log   *slog.Logger

	mu    sync.Mutex // guards found
	found map[stock.Warehouse]finding
}

type finding struct {
	open, atRisk, differences int
	since                     time.Time // when differences were seen first
	risky                     time.Time // when promises at risk were seen first
}

// How often every warehouse is looked at, and how many times as long as a look
// the pause after it is.
const (
	auditRound = time.Minute
	auditShare = 300
)

func newAudit(s Stock, log *slog.Logger) *audit {
	return &audit{stock: s, log: log, found: make(map[stock.Warehouse]finding)}
}

// Run looks at one warehouse after the other until ctx ends.
func (a *audit) Run(ctx context.Context) error {
	for {
		all := a.stock.Warehouses()
		if len(all) == 0 && !rested(ctx, time.Second) {
			return nil
		}
		for i := range all {
			begun := time.Now()
			if err := a.look(ctx, all[i].Warehouse, begun); err != nil && ctx.Err() == nil {
				a.log.WarnContext(ctx, "reservations not checked", "warehouse", all[i].Warehouse, "err", err)
			}
			if !rested(ctx, max(auditRound/time.Duration(len(all)), time.Since(begun)*auditShare)) {
				return nil
			}
		}
	}
}

// rested waits, and reports whether there is time for more.
func rested(ctx context.Context, d time.Duration) bool { return pause(ctx, d) == nil }

// look checks one warehouse.
func (a *audit) look(ctx context.Context, w stock.Warehouse, now time.Time) error {
	r, err := reconcile(ctx, a.stock, inventory.Reconcile{Warehouse: w})
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.found[w]
	f := finding{open: r.Open, atRisk: r.AtRisk, differences: len(r.Differences)}
	if f.differences > 0 {
		f.since = earlier(before.since, now)
		if before.differences == 0 {
			a.log.ErrorContext(ctx, "claims differ from reservations", "warehouse", w, "differences", f.differences)
		}
	}
	if f.atRisk > 0 {
		f.risky = earlier(before.risky, now)
	}
	a.found[w] = f
	return nil
}

// earlier gives the first of two moments; zero is none.
func earlier(before, now time.Time) time.Time {
	if before.IsZero() {
		return now
	}
	return before
}

// alarms gives what an operator should look into.
func (a *audit) alarms(w stock.Warehouse) (out []*forestockv1.Alarm) {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	f := a.found[w]
	a.mu.Unlock()
	if f.differences > 0 {
		out = append(out, &forestockv1.Alarm{Reason: "CLAIMS_DIFFER", SinceTime: timestamp(f.since), Message: fmt.Sprintf(
			"%d counters of claimed stock are not what the open reservations add up to; read them with \"hub reconcile list %s\", and make them right with \"hub reconcile repair %s\"", f.differences, w, w,
		)})
	}
	if f.atRisk > 0 {
		out = append(out, &forestockv1.Alarm{Reason: "AT_RISK", SinceTime: timestamp(f.risky), Message: fmt.Sprintf(
			"stock was lost that %d reservations were promised; list them with \"hub reservation list --warehouse %s --at-risk\", and receive the goods, count again, or cancel", f.atRisk, w,
		)})
	}
	return out
}

var (
	openDesc   = prometheus.NewDesc("forestock_warehouse_reservations_open", "Reservations that claim stock of the warehouse.", []string{"warehouse"}, nil)
	riskDesc   = prometheus.NewDesc("forestock_warehouse_reservations_at_risk", "Open reservations for which stock was lost.", []string{"warehouse"}, nil)
	claimsDesc = prometheus.NewDesc("forestock_warehouse_claims_differ", "Counters of claimed stock that are not what the open reservations add up to; anything but 0 is a defect of the hub.", []string{"warehouse"}, nil)
)

// Describe lists the metrics.
func (a *audit) Describe(out chan<- *prometheus.Desc) {
	for _, d := range [...]*prometheus.Desc{openDesc, riskDesc, claimsDesc} {
		out <- d
	}
}

// Collect gives what was found last.
func (a *audit) Collect(out chan<- prometheus.Metric) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for w, f := range a.found {
		for d, n := range map[*prometheus.Desc]int{openDesc: f.open, riskDesc: f.atRisk, claimsDesc: f.differences} {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), string(w))
		}
	}
}
