package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/forestock/forestock/deploy/fleet"
)

// verdict is whether an agent and the hub agree.
type verdict struct {
	Warehouse string `json:"warehouse"`
	Agree     bool   `json:"agree"`
	Why       string `json:"why,omitempty"` // they do not
	AgentSeq  uint64 `json:"agent_seq"`
	HubSeq    uint64 `json:"hub_seq"`
	SKUs      int    `json:"skus"` // compared
}

// agentState is what a station's /api/status says of its ledger.
type agentState struct {
	Ledger struct {
		Last   uint64 `json:"last"`
		Unsent uint64 `json:"unsent"`
		Digest string `json:"digest"`
		Items  int    `json:"items"`
	} `json:"ledger"`
	Link struct {
		State string `json:"state"`
	} `json:"link"`
}

// Last is the newest entry.
func (s *agentState) Last() uint64 { return s.Ledger.Last }

func agentStatus(ctx context.Context, station string) (s agentState, err error) {
	return s, fleet.Get(ctx, "http://"+station+"/api/status", &s)
}

func waitForCatalogue(ctx context.Context, station string, items int) error {
	for {
		s, err := agentStatus(ctx, station)
		if err == nil && s.Ledger.Items >= items {
			return nil
		}
		if !fleet.Pause(ctx, 20*time.Millisecond) {
			return fmt.Errorf("the catalogue did not reach %s: %d of %d items", station, s.Ledger.Items, items)
		}
	}
}

// hubState is what the hub's /v1/warehouses says of one.
type hubState struct {
	Name       string `json:"name"`
	AppliedSeq string `json:"applied_seq"`
	Digest     string `json:"digest"`
	Freshness  string `json:"freshness"`
	Unsent     int    `json:"unsent"`
	Diverged   bool   `json:"diverged"`
}

func hubStates(ctx context.Context, hub string) (map[string]hubState, error) {
	var list struct {
		Warehouses []hubState `json:"warehouses"`
	}
	if err := fleet.Get(ctx, "http://"+hub+"/v1/warehouses?page_size=1000", &list); err != nil {
		return nil, err
	}
	out := make(map[string]hubState)
	for _, w := range list.Warehouses {
		out[w.Name] = w
	}
	return out, nil
}

// compareWithin is how long an agent may take to send what it has.
const compareWithin = 60 * time.Second

// compare waits until the hub has stored what the agent has, and holds every
// level against the other's.
func (d *day) compare(ctx context.Context, site *fleet.Site) verdict {
	ctx, cancel := context.WithTimeout(ctx, compareWithin)
	defer cancel()
	v := verdict{Warehouse: site.Warehouse}
	for {
		err := d.sameSeq(ctx, site, &v)
		if err == nil {
			break
		}
		v.Why = err.Error()
		if !fleet.Pause(ctx, 100*time.Millisecond) {
			return v
		}
	}
	v.Why = ""
	if err := d.sameLevels(ctx, site, &v); err != nil {
		v.Why = err.Error()
		return v
	}
	v.Agree = true
	return v
}

func (d *day) sameSeq(ctx context.Context, site *fleet.Site, v *verdict) error {
	agent, err := agentStatus(ctx, site.Station)
	if err != nil {
		return err
	}
	hubs, err := hubStates(ctx, d.fleet.HTTP)
	if err != nil {
		return err
	}
	hub := hubs["warehouses/"+site.Warehouse]
	v.AgentSeq = agent.Ledger.Last
	if _, err := fmt.Sscan(hub.AppliedSeq, &v.HubSeq); err != nil && hub.AppliedSeq != "" {
		return err
	}
	switch {
	case v.AgentSeq != v.HubSeq || agent.Ledger.Unsent != 0:
		return fmt.Errorf("%d entries did not reach the hub", v.AgentSeq-v.HubSeq)
	case agent.Ledger.Digest != hub.Digest || hub.Diverged:
		return fmt.Errorf("at the same entry the digests are %s and %s", agent.Ledger.Digest, hub.Digest)
	}
	return nil
}

// sameLevels asks both sides for every SKU that the hub lists.
func (d *day) sameLevels(ctx context.Context, site *fleet.Site, v *verdict) error {
	token := ""
	for {
		var page struct {
			Availability []struct {
				Name   string `json:"name"`
				OnHand int64  `json:"on_hand"`
			} `json:"availability"`
			Next string `json:"next_page_token"`
		}
		address := fmt.Sprintf("http://%s/v1/warehouses/%s/availability?page_size=500&page_token=%s", d.fleet.HTTP, site.Warehouse, url.QueryEscape(token))
		if err := fleet.Get(ctx, address, &page); err != nil {
			return err
		}
		for _, a := range page.Availability {
			sku := a.Name[len("warehouses/"+site.Warehouse+"/skus/"):]
			var levels struct {
				OnHand int64 `json:"on_hand"`
			}
			if err := fleet.Get(ctx, "http://"+site.Station+"/api/levels?sku="+url.QueryEscape(sku), &levels); err != nil {
				return err
			}
			if levels.OnHand != a.OnHand {
				return fmt.Errorf("%s is %d at the agent and %d at the hub", sku, levels.OnHand, a.OnHand)
			}
			v.SKUs++
		}
		if token = page.Next; token == "" {
			return nil
		}
	}
}
