package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

func policyKey(b []byte, w stock.Warehouse, r inventory.Revision) []byte {
	return binary.BigEndian.AppendUint64(within(b, policyRow, w), uint64(r))
}

func packPolicy(b []byte, row *inventory.PolicyRow) []byte {
	p := packer{b}
	p.text(string(row.SKU))
	p.time(row.Time)
	p.text(row.By)
	p.text(row.Why)
	if !packHas(&p, row.Policy != nil) {
		return p.b
	}
	c := row.Policy
	p.int(c.Safety)
	p.int(c.LocalReserve)
	p.int(int64(c.DegradedBuffer))
	p.int(int64(c.Tolerance))
	p.uint(uint64(c.Deficit))
	p.uint(uint64(c.MaxAge))
	p.uint(uint64(len(c.Quotas)))
	for _, q := range c.Quotas {
		p.text(q.Channel)
		p.int(int64(q.Percent))
	}
	if packHas(&p, c.Area != nil) {
		p.int(int64(c.Area.Latitude))
		p.int(int64(c.Area.Longitude))
		p.int(int64(c.Area.Radius))
	}
	return p.b
}

func unpackPolicy(w stock.Warehouse, r inventory.Revision, s string) (inventory.PolicyRow, error) {
	u := unpacker{s: s}
	row := inventory.PolicyRow{Warehouse: w, Revision: r, SKU: stock.SKU(u.text()), Time: u.time(), By: u.text(), Why: u.text()}
	if u.uint() != 1 {
		return row, u.end()
	}
	c := &inventory.Policy{
		Safety: u.int(), LocalReserve: u.int(), DegradedBuffer: int(u.int()), Tolerance: int(u.int()),
		Deficit: inventory.DeficitRule(u.uint()), MaxAge: time.Duration(u.uint()),
	}
	if n := u.count(); n > 0 {
		c.Quotas = make([]inventory.Quota, n)
	}
	for i := range c.Quotas {
		c.Quotas[i] = inventory.Quota{Channel: u.text(), Percent: int(u.int())}
	}
	if u.uint() == 1 {
		c.Area = &inventory.Area{Latitude: int32(u.int()), Longitude: int32(u.int()), Radius: int(u.int())}
	}
	row.Policy = c
	return row, u.end()
}

// Policies gives the policies of a warehouse that are in force: its own first,
// then those of SKUs, by SKU.
func (p *Pebble) Policies(w stock.Warehouse) []inventory.PolicyRow {
	if s := p.view.shop(w); s != nil {
		if rows := s.policies.Load(); rows != nil {
			return *rows
		}
	}
	return nil
}

// PolicyHistory lists what was ever set in a warehouse, newest first, from
// before a cursor.
func (p *Pebble) PolicyHistory(ctx context.Context, w stock.Warehouse, before inventory.Cursor, n int) ([]inventory.PolicyRow, inventory.Cursor, error) {
	// Not revisionBefore: that counts events, and a policy is none.
	upto := inventory.Revision(math.MaxUint64)
	if before != "" {
		n, err := strconv.ParseUint(string(before), 10, 64)
		if err != nil || revisionCursor(inventory.Revision(n)) != before {
			return nil, "", fmt.Errorf("cursor %.40q: %w", string(before), inventory.ErrCursor)
		}
		upto = inventory.Revision(n)
	}
	var err error
	var out []inventory.PolicyRow
	var next inventory.Cursor
	err = p.reading(policyRow, w, func(it *pebble.Iterator) error {
		for ok := it.SeekLT(policyKey(nil, w, upto)); ok; ok = it.Prev() {
			if len(out) == n {
				next = revisionCursor(out[n-1].Revision)
				break
			}
			row, err := unpackPolicy(w, revisionOfKey(it.Key()), string(it.Value()))
			if err != nil || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
			out = append(out, row)
		}
		return it.Error()
	})
	if err != nil {
		return nil, "", fmt.Errorf("policies of %s: %w", w, err)
	}
	return out, next, nil
}
