package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// InvalidPolicy is the reason of a policy that makes no sense.
const InvalidPolicy Reason = "INVALID_POLICY"

// GetPolicy gives the policy that holds for a warehouse, or for one SKU there.
func (a *admin) GetPolicy(_ context.Context, req *forestockv1.GetPolicyRequest) (*forestockv1.PolicySetting, error) {
	w, sku, err := a.policyPlace("name", req.GetName())
	if err != nil {
		return nil, err
	}
	row, own := policyOf(a.view.stock.Policies(w), sku)
	m := policySetting(&row)
	m.Name, m.Inherited = policyName(w, sku), !own && sku != ""
	if m.GetPolicy() == nil {
		m.Policy = &forestockv1.Policy{}
	}
	return m, nil
}

// policyOf finds the policy that holds for a SKU, or for the whole warehouse
// where it is empty, and reports whether it is its own one.
func policyOf(rows []inventory.PolicyRow, sku stock.SKU) (row inventory.PolicyRow, own bool) {
	for i := range rows {
		switch rows[i].SKU {
		case sku:
			return rows[i], true
		case "":
			row = rows[i]
		}
	}
	return row, false
}

// SetPolicy sets the policy of a warehouse, or of one SKU there.
func (a *admin) SetPolicy(ctx context.Context, req *forestockv1.SetPolicyRequest) (*forestockv1.PolicySetting, error) {
	w, sku, err := a.policyPlace("name", req.GetName())
	if err != nil {
		return nil, err
	}
	by, why, err := decision(ctx, req.GetBy(), req.GetReason())
	if err != nil {
		return nil, err
	}
	policy, err := policyIn(req.GetPolicy())
	if err != nil {
		return nil, err
	}
	results, err := a.view.stock.Apply(ctx, inventory.SetPolicy{Warehouse: w, SKU: sku, Policy: policy, By: by, Why: why})
	if err != nil {
		return nil, err
	}
	switch r := results[0].(type) {
	case inventory.PolicyRow:
		return policySetting(&r), nil
	case *inventory.Refusal:
		return nil, invalid(InvalidPolicy, "policy", "%s", r.Message)
	}
	return nil, fmt.Errorf("set policy: the store answered %T", results[0])
}

// ListPolicies gives the policies of a warehouse that are in force, or all that
// were ever set.
func (a *admin) ListPolicies(ctx context.Context, req *forestockv1.ListPoliciesRequest) (*forestockv1.ListPoliciesResponse, error) {
	size, err := pageSize(req.GetPageSize(), 100)
	if err != nil {
		return nil, err
	}
	s, err := a.view.named("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	w := s.Warehouse
	list := a.policiesInForce
	if req.GetShowHistory() {
		list = a.policyHistory
	}
	question := fmt.Sprintf("%s?%t", w, req.GetShowHistory())
	place, err := pagePlace(policyPage, question, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	rows, next, err := list(ctx, w, place, size)
	if err != nil {
		return nil, err
	}
	out := &forestockv1.ListPoliciesResponse{}
	for i := range rows {
		out.Policies = append(out.Policies, policySetting(&rows[i]))
	}
	if next != "" {
		out.NextPageToken = placeToken(policyPage, question, next)
	}
	return out, nil
}

func (a *admin) policiesInForce(_ context.Context, w stock.Warehouse, after string, n int) (rows []inventory.PolicyRow, next string, _ error) {
	for _, row := range a.view.stock.Policies(w) {
		if after == "" || string(row.SKU) > strings.TrimPrefix(after, "/") {
			rows = append(rows, row)
		}
	}
	rows, next = page(rows, n, func(last inventory.PolicyRow) string { return "/" + string(last.SKU) })
	return rows, next, nil
}

func (a *admin) policyHistory(ctx context.Context, w stock.Warehouse, before string, n int) ([]inventory.PolicyRow, string, error) {
	rows, next, err := a.view.stock.PolicyHistory(ctx, w, inventory.Cursor(before), n)
	if errors.Is(err, inventory.ErrCursor) {
		return nil, "", invalid(InvalidPageToken, "page_token", "this page_token leads nowhere any more; leave it out to begin again")
	}
	return rows, string(next), err
}

// policyPlace reads warehouses/{w}/policy or warehouses/{w}/skus/{s}/policy.
func (a *admin) policyPlace(field, name string) (w stock.Warehouse, sku stock.SKU, err error) {
	of, ok := strings.CutSuffix(name, "/policy")
	if !ok {
		return "", "", invalid(InvalidName, field, "%.120q is no name of a policy; write warehouses/{warehouse}/policy or warehouses/{warehouse}/skus/{sku}/policy", name)
	}
	if strings.Contains(of, "/skus/") {
		w, sku, err = parseSKUName(field, of)
	} else {
		w, err = parseWarehouseName(field, of)
	}
	if err != nil {
		return "", "", err
	}
	if _, err = a.view.warehouse(field, w); err != nil || sku == "" {
		return w, sku, err
	}
	_, level := a.view.stock.Level(w, sku)
	if _, item := a.view.stock.Item(sku); !level && !item {
		return w, sku, refuseSKU(field, sku)
	}
	return w, sku, nil
}

func policyName(w stock.Warehouse, sku stock.SKU) string {
	if sku == "" {
		return warehouseName(w) + "/policy"
	}
	return skuName(w, sku) + "/policy"
}

func policySetting(row *inventory.PolicyRow) *forestockv1.PolicySetting {
	return &forestockv1.PolicySetting{
		Name: policyName(row.Warehouse, row.SKU), Policy: policyMessage(row.Policy), By: row.By, Reason: row.Why, Time: timestamp(row.Time),
	}
}

func policyMessage(p *inventory.Policy) *forestockv1.Policy {
	if p == nil {
		return nil
	}
	m := &forestockv1.Policy{
		Safety: quantity(p.Safety), LocalReserve: quantity(p.LocalReserve), DegradedBufferPercent: count(p.DegradedBuffer),
		WeighTolerancePercent: count(p.Tolerance), DeficitRule: forestockv1.DeficitRule_MARK_AT_RISK,
	}
	if p.Deficit == inventory.CancelHeld {
		m.DeficitRule = forestockv1.DeficitRule_CANCEL_HELD
	}
	for _, q := range p.Quotas {
		m.ChannelQuotas = append(m.ChannelQuotas, &forestockv1.ChannelQuota{Channel: q.Channel, Percent: count(q.Percent)})
	}
	if p.MaxAge > 0 {
		m.MaxAge = durationpb.New(p.MaxAge)
	}
	if a := p.Area; a != nil {
		m.ServiceArea = &forestockv1.ServiceArea{Latitude: float64(a.Latitude) / 1e6, Longitude: float64(a.Longitude) / 1e6, RadiusMetres: count(a.Radius)}
	}
	return m
}

// policyIn reads a policy; the Book checks its numbers.
func policyIn(m *forestockv1.Policy) (*inventory.Policy, error) {
	if m == nil {
		return nil, nil //nolint:nilnil // no policy is a policy that is taken away
	}
	p := &inventory.Policy{
		Safety: int64(m.GetSafety()), LocalReserve: int64(m.GetLocalReserve()), DegradedBuffer: int(m.GetDegradedBufferPercent()),
		Tolerance: int(m.GetWeighTolerancePercent()), MaxAge: m.GetMaxAge().AsDuration(),
	}
	if m.GetDeficitRule() == forestockv1.DeficitRule_CANCEL_HELD {
		p.Deficit = inventory.CancelHeld
	}
	if m.GetMaxAge() != nil && (m.GetMaxAge().CheckValid() != nil || p.MaxAge <= 0) {
		return nil, invalid(InvalidPolicy, "policy.max_age", "max_age is more than 0s; leave it out to take reservations until the numbers are FROZEN")
	}
	for _, q := range m.GetChannelQuotas() {
		p.Quotas = append(p.Quotas, inventory.Quota{Channel: q.GetChannel(), Percent: int(q.GetPercent())})
	}
	if a := m.GetServiceArea(); a != nil {
		latitude, longitude, ok := millionths(a.GetLatitude(), a.GetLongitude())
		if !ok {
			return nil, invalid(InvalidPolicy, "policy.service_area", "latitude %v, longitude %v is no place on the earth; write degrees, WGS 84", a.GetLatitude(), a.GetLongitude())
		}
		p.Area = &inventory.Area{Latitude: latitude, Longitude: longitude, Radius: int(a.GetRadiusMetres())}
	}
	return p, nil
}

// millionths reads degrees, and reports whether they are a place on the earth.
func millionths(latitude, longitude float64) (lat, lng int32, ok bool) {
	if !(math.Abs(latitude) <= 90 && math.Abs(longitude) <= 180) { // written so that it refuses what is no number
		return 0, 0, false
	}
	return int32(math.Round(latitude * 1e6)), int32(math.Round(longitude * 1e6)), true
}
