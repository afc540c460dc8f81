package main

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"strconv"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// assortment is what is on hand: so much of each SKU, one lot of each, in every
// warehouse.
type assortment struct {
	Warehouses, SKUs int
	OnHand           int64
}

// plenty is more than any benchmark sells.
const plenty = 1 << 30

func warehouseName(i int) stock.Warehouse { return stock.Warehouse(fmt.Sprintf("wh-%04d", i)) }

// skuName gives sku- and five digits, without Sprintf, which would be a good part
// of what callers cost.
func skuName(i int) string {
	digits := strconv.Itoa(i)
	return "sku-" + "00000"[min(5, len(digits)):] + digits
}

// entries gives what a warehouse reports, and the hash before each entry and
// behind the last.
func (a assortment) entries(epoch stock.Epoch) (raws [][]byte, heads []stock.Hash, err error) {
	heads = append(heads, stock.Genesis(epoch))
	for i := range a.SKUs {
		raw, err := wire.EncodeEntry(&stock.Entry{Seq: stock.Seq(i + 1), Command: "opening", Movement: stock.Movement{
			Kind: stock.Opening, SKU: stock.SKU(skuName(i)), Lot: "L20261101", Bin: stock.Bin(fmt.Sprintf("A-%02d-%02d", i/100%100, i%100)),
			Delta: a.OnHand, Expiry: 20991231, Time: time.Unix(1_800_000_000, 0),
		}})
		if err != nil {
			return nil, nil, err
		}
		raws, heads = append(raws, raw), append(heads, heads[i].Next(raw))
	}
	return raws, heads, nil
}

// fill reports the assortment to a store, as the warehouses' agents do.
func (a assortment) fill(ctx context.Context, s *store.Pebble) error {
	for w := range a.Warehouses {
		if err := a.report(ctx, s, warehouseName(w)); err != nil {
			return fmt.Errorf("fill %s: %w", warehouseName(w), err)
		}
	}
	return nil
}

func (a assortment) report(ctx context.Context, s *store.Pebble, w stock.Warehouse) error {
	var epoch, down stock.Epoch
	var boot inventory.Boot
	for _, b := range [][]byte{epoch[:], down[:], boot[:]} {
		_, _ = rand.Read(b) // never fails
	}
	raws, heads, err := a.entries(epoch)
	if err != nil {
		return err
	}
	last := stock.Seq(len(raws))
	results, err := s.Apply(ctx, inventory.Hello{
		Warehouse: w, Boot: boot, Nonce: 1, NewDownEpoch: down, Software: "bench",
		Position: stock.Position{Epoch: epoch, First: 1, Last: last, Head: heads[last]},
	})
	if err != nil {
		return err
	}
	welcome, ok := results[0].(inventory.Welcome)
	if !ok {
		return fmt.Errorf("hello was answered with %+v", results[0])
	}
	const run = 512
	for from := 0; from < len(raws); from += run {
		to := min(from+run, len(raws))
		batch := stock.Batch{From: stock.Seq(from + 1), Prev: heads[from], Entries: raws[from:to]}
		results, err := s.Apply(ctx, inventory.NewIngest(w, epoch, welcome.Session, batch, nil, last))
		if err != nil {
			return err
		}
		if got, ok := results[0].(inventory.Ingested); !ok || got.Applied != stock.Seq(to) {
			return fmt.Errorf("entries up to %d were answered with %+v", to, results[0])
		}
	}
	return nil
}

// order is what a customer wants: one each of three SKUs.
type order struct {
	id        string
	warehouse stock.Warehouse
	skus      [3]string
}

// customers order, at random, from one caller's goroutine.
type customers struct {
	assortment
	random *mathrand.Rand
	prefix string // of the ids
	next   int
}

// newCustomers gives those of one caller, whose orders nobody else has.
func (a assortment) newCustomers(run string, caller int) *customers {
	return &customers{assortment: a, random: mathrand.New(mathrand.NewPCG(uint64(caller), 1)), prefix: fmt.Sprintf("o-%s-%03d-", run, caller)}
}

// order gives the next one.
func (c *customers) order() order {
	c.next++
	o := order{id: fmt.Sprintf("%s%09d", c.prefix, c.next), warehouse: warehouseName(c.random.IntN(c.Warehouses))}
	for i := range o.skus {
		o.skus[i] = skuName(c.random.IntN(c.SKUs))
	}
	return o
}

// try asks a store for an order.
func (o *order) try() (*inventory.Try, error) {
	lines := make([]inventory.AskLine, len(o.skus))
	for i, sku := range o.skus {
		lines[i] = inventory.AskLine{SKU: stock.SKU(sku), Quantity: 1}
	}
	ask := inventory.Ask{Where: string(o.warehouse), Ref: o.id, Channel: "app", Lines: lines}
	return inventory.NewTry(stock.OrderID(o.id), ask, []inventory.Candidate{{Warehouse: o.warehouse}})
}
