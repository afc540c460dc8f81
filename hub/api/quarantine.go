package api

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// ListQuarantinedEntries gives what was set aside, by warehouse, newest first.
func (a *admin) ListQuarantinedEntries(ctx context.Context, req *forestockv1.ListQuarantinedEntriesRequest) (*forestockv1.ListQuarantinedEntriesResponse, error) {
	size, err := pageSize(req.GetPageSize(), 100)
	if err != nil {
		return nil, err
	}
	question := req.GetParent()
	if req.GetShowDiscarded() {
		question += "?all"
	}
	place, err := pagePlace(quarantinePage, question, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	warehouses, err := a.named(req.GetParent())
	if err != nil {
		return nil, err
	}
	from, cursor, _ := strings.Cut(place, "/")
	var found []inventory.Quarantined
	for _, w := range warehouses {
		if string(w) < from {
			continue
		}
		before := inventory.Cursor("")
		if string(w) == from {
			before = inventory.Cursor(cursor)
		}
		if found, err = a.quarantined(ctx, found, size, w, before, req.GetShowDiscarded()); err != nil {
			return nil, err
		}
	}
	out := &forestockv1.ListQuarantinedEntriesResponse{}
	if n := fitting(found, size); n < len(found) { // the listing goes on with the first that is too many
		out.NextPageToken = placeToken(quarantinePage, question, string(found[n].Warehouse)+"/"+string(found[n].Place.Cursor()))
		found = found[:n]
	}
	for i := range found {
		out.Entries = append(out.Entries, quarantineMessage(&found[i]))
	}
	return out, nil
}

// named gives the warehouses that a parent names, by id.
func (a *admin) named(parent string) ([]stock.Warehouse, error) {
	if parent != "warehouses/"+everyWarehouse {
		w, err := parseWarehouseName("parent", parent)
		if err != nil {
			return nil, err
		}
		_, err = a.view.warehouse("parent", w)
		return []stock.Warehouse{w}, err
	}
	var out []stock.Warehouse
	for _, s := range a.view.stock.Warehouses() {
		out = append(out, s.Warehouse)
	}
	return out, nil
}

const (
	// quarantineRead is how many entries are read at a time.
	quarantineRead = 100
	// quarantineBytes bounds the raw bytes of one answer: an entry may have as
	// many as a frame, and twice that as text.
	quarantineBytes = 1 << 20
)

// quarantined adds entries of a warehouse from the cursor on, until there are
// more than fit into one answer.
func (a *admin) quarantined(ctx context.Context, found []inventory.Quarantined, size int, w stock.Warehouse, before inventory.Cursor, all bool) ([]inventory.Quarantined, error) {
	for more := true; more && fitting(found, size) == len(found); {
		some, next, err := a.view.stock.Quarantined(ctx, w, before, quarantineRead)
		if err != nil {
			return nil, err
		}
		for _, q := range some {
			if all || (q.Discarded == nil && q.Retried == nil) {
				found = append(found, q)
			}
		}
		before, more = next, next != ""
	}
	return found, nil
}

// fitting gives how many of the entries, one at least, go into one answer.
func fitting(found []inventory.Quarantined, size int) int {
	bytes := 0
	for i := range found {
		bytes += len(found[i].Raw)
		if i == size || (i > 0 && bytes > quarantineBytes) {
			return i
		}
	}
	return len(found)
}

// DiscardQuarantinedEntry notes that somebody has dealt with an entry.
func (a *admin) DiscardQuarantinedEntry(ctx context.Context, req *forestockv1.DiscardQuarantinedEntryRequest) (*forestockv1.QuarantinedEntry, error) {
	w, at, err := parseQuarantineName(req.GetName())
	if err != nil {
		return nil, err
	}
	q, refusal, err := a.view.stock.Discard(ctx, inventory.Discard{Warehouse: w, Place: at, By: whoever(ctx, req.GetBy()), Why: strings.TrimSpace(req.GetReason())})
	return dealtWith(&q, refusal, err, InvalidDiscard)
}

// RetryQuarantinedEntry applies an entry after all.
func (a *admin) RetryQuarantinedEntry(ctx context.Context, req *forestockv1.RetryQuarantinedEntryRequest) (*forestockv1.QuarantinedEntry, error) {
	w, at, err := parseQuarantineName(req.GetName())
	if err != nil {
		return nil, err
	}
	by, why, err := decision(ctx, req.GetBy(), req.GetReason())
	if err != nil {
		return nil, err
	}
	q, refusal, err := a.view.stock.Retry(ctx, inventory.Retry{Warehouse: w, Place: at, By: by, Why: why})
	if refusal != nil && refusal.Reason == inventory.ReasonInvalid {
		return nil, refuse(codes.FailedPrecondition, CannotApply, "%s", refusal.Message)
	}
	return dealtWith(&q, refusal, err, CannotApply)
}

// dealtWith gives an entry that somebody has dealt with.
func dealtWith(q *inventory.Quarantined, refusal *inventory.Refusal, err error, invalid Reason) (*forestockv1.QuarantinedEntry, error) {
	switch {
	case errors.Is(err, inventory.ErrNotQuarantined):
		return nil, unknown(UnknownEntry, "name", "no entry of this name was set aside; list them with GET /v1/warehouses/-/quarantine")
	case err != nil:
		return nil, err
	case refusal != nil:
		return nil, refuse(codes.InvalidArgument, invalid, "%s", refusal.Message)
	}
	return quarantineMessage(q), nil
}

func quarantineMessage(q *inventory.Quarantined) *forestockv1.QuarantinedEntry {
	m := &forestockv1.QuarantinedEntry{
		Name: warehouseName(q.Warehouse) + "/quarantine/" + string(q.Place.Cursor()), Epoch: q.Epoch.String(), Seq: sequence(q.Place.Seq),
		Reason: q.Reason, StoredTime: timestamp(q.Stored), Raw: hex.EncodeToString(q.Raw),
	}
	if d := q.Discarded; d != nil {
		m.Discard = &forestockv1.Discard{By: d.By, Reason: d.Why, Time: timestamp(d.Time)}
	}
	if r := q.Retried; r != nil {
		m.Retry = &forestockv1.Retry{By: r.By, Reason: r.Why, Time: timestamp(r.Time)}
	}
	return m
}

// parseQuarantineName reads warehouses/{w}/quarantine/{place}.
func parseQuarantineName(name string) (stock.Warehouse, inventory.Place, error) {
	parent, place, ok := strings.Cut(name, "/quarantine/")
	at, err := inventory.Cursor(place).Place()
	if !ok || err != nil || at.IsZero() {
		return "", at, invalid(InvalidName, "name", "%.120q is no name of an entry that was set aside; write warehouses/{warehouse}/quarantine/{place}, as the listing has it", name)
	}
	w, err := parseWarehouseName("name", parent)
	return w, at, err
}
