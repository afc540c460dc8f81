package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// ListMovements gives the entries that explain a number, newest first.
func (a *availability) ListMovements(ctx context.Context, req *forestockv1.ListMovementsRequest) (*forestockv1.ListMovementsResponse, error) {
	w, sku, err := parseSKUName("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	size, err := pageSize(req.GetPageSize(), 50)
	if err != nil {
		return nil, err
	}
	before, err := pagePlace(movementPage, req.GetParent(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	s, err := a.view.warehouse("parent", w)
	if err != nil {
		return nil, err
	}
	if _, ok := a.view.moment(s, "", time.Now()).level(sku); !ok {
		return nil, refuseSKU("parent", sku)
	}
	entries, next, err := a.view.stock.Movements(ctx, w, sku, inventory.Cursor(before), size)
	if errors.Is(err, inventory.ErrCursor) {
		return nil, invalid(InvalidPageToken, "page_token", "this page_token leads nowhere any more; leave it out to begin again")
	}
	if err != nil {
		return nil, fmt.Errorf("list movements of %s in %s: %w", sku, w, err)
	}
	out := &forestockv1.ListMovementsResponse{Movements: make([]*forestockv1.Movement, len(entries))}
	for i := range entries {
		out.Movements[i] = movementMessage(&entries[i])
	}
	if next != "" {
		out.NextPageToken = placeToken(movementPage, req.GetParent(), string(next))
	}
	return out, nil
}

func movementMessage(s *inventory.StoredEntry) *forestockv1.Movement {
	e := &s.Entry
	m := &forestockv1.Movement{
		Epoch: s.Epoch.String(), Seq: sequence(e.Seq), Kind: e.Kind.String(),
		Sku: string(e.SKU), Lot: string(e.Lot), Bin: string(e.Bin), ToBin: string(e.To),
		Delta: quantity(e.Delta), OnHandAfter: quantity(s.OnHandAfter),
		ExpiryDate: e.Expiry.String(), ProducedDate: e.Produced.String(),
		Time: timestamp(e.Time), StoredTime: timestamp(s.Stored),
		Operator: e.Operator, Station: e.Station, Device: e.Device, Reason: e.Reason,
		Document: e.Document, Line: e.Line, Command: e.Command,
		Scan: e.Scan, Frame: e.Frame, ScanText: printable(e.Scan), FrameText: printable(e.Frame),
	}
	if c := e.Count; c != nil {
		m.Count = &forestockv1.CountObservation{Counted: quantity(c.Counted), Seen: quantity(c.Seen), BaseSeq: sequence(c.Base)}
	}
	if e.Undoes != 0 {
		m.UndoesSeq = sequence(e.Undoes)
	}
	return m
}

// printable writes raw bytes so that people can read them: what cannot be
// printed becomes its hexadecimal value in angle brackets.
func printable(raw []byte) string {
	var b strings.Builder
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		if r < ' ' || r == 0x7f || (r == utf8.RuneError && n == 1) {
			fmt.Fprintf(&b, "<%02X>", raw[0])
			n = 1
		} else {
			b.WriteRune(r)
		}
		raw = raw[n:]
	}
	return b.String()
}
