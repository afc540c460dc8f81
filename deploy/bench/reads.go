package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// reader is a shop that also says what is there.
type reader interface {
	seller
	read(ctx context.Context, skus []string) error
}

func (p *platform) read(ctx context.Context, skus []string) error {
	names, prefix := make([]string, len(skus)), "warehouses/"+string(warehouseName(0))+"/skus/"
	for i, sku := range skus {
		names[i] = prefix + sku
	}
	client := forestockv1.NewAvailabilityServiceClient(p.conn)
	if len(names) == 1 {
		_, err := client.GetAvailability(ctx, &forestockv1.GetAvailabilityRequest{Name: names[0], View: p.view})
		return err
	}
	r, err := client.BatchGetAvailability(ctx, &forestockv1.BatchGetAvailabilityRequest{Names: names, View: p.view})
	if err == nil && len(r.GetAvailability()) != len(names) {
		err = fmt.Errorf("%d of %d numbers", len(r.GetAvailability()), len(names))
	}
	return err
}

func (r *redisShop) read(ctx context.Context, skus []string) error {
	keys, prefix := make([]string, len(skus)), stockKey(string(warehouseName(0)), "")
	for i, sku := range skus {
		keys[i] = prefix + sku
	}
	if len(keys) == 1 {
		return r.client.Get(ctx, keys[0]).Err()
	}
	values, err := r.client.MGet(ctx, keys...).Result()
	for _, v := range values {
		if err == nil && v == nil {
			err = errors.New("a number is missing")
		}
	}
	return err
}

const (
	readers    = 16
	background = 2000 // orders/s while numbers are read
)

// benchReads measures what asking for numbers costs while orders come in at the
// same pace everywhere.
func benchReads(ctx context.Context, b *bench) error {
	b.title(`Availability: %d callers while %d orders/s come in, one a call (median of %d rounds of %v). The hub answers with
sellable, on hand, held, committed, freshness and more of every SKU, in full also with its lots, bins and dates; Redis
answers with a number. Redis: appendonly always.`, readers, background, b.rounds, b.each)
	shops := []shop{{"hub", openHubView(forestockv1.View_BASIC)}, {"hub, in full", openHubView(forestockv1.View_FULL)}, {"Redis", openRedis("always")}}
	for _, names := range []int{100, 1} {
		b.heads(fmt.Sprintf("%d SKUs a call", names), "calls/s")
		mid, all := make([]figures, len(shops)), make([][]figures, len(shops))
		for range b.rounds {
			for i, s := range shops {
				f, err := b.reads(ctx, s, names)
				if err != nil {
					return fmt.Errorf("%s: %w", s.name, err)
				}
				all[i] = append(all[i], f)
			}
		}
		for i, s := range shops {
			mid[i] = middle(all[i])
			b.row(s.name, mid[i])
		}
		fmt.Fprintf(b, "hub : Redis = %.2f, in full %.2f\n", mid[0].perSecond/mid[2].perSecond, mid[1].perSecond/mid[2].perSecond)
	}
	return nil
}

func (b *bench) reads(ctx context.Context, s shop, names int) (f figures, err error) {
	dir, remove, err := b.temp("reads")
	if err != nil {
		return f, err
	}
	defer remove()
	open, err := s.open(ctx, b, dir, shelves, readers)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, open.Close()) }()
	sales, stop := context.WithCancel(ctx)
	g, sales := errgroup.WithContext(sales)
	g.Go(func() error { return pace(sales, open, background, readers) })
	all := make([]*customers, readers)
	for i := range all {
		all[i] = shelves.newCustomers("r", i)
	}
	f, err = measured(func() (figures, error) {
		return stretch(ctx, readers, b.each, func(ctx context.Context, caller int) (int, error) {
			skus := make([]string, names)
			for i := range skus {
				skus[i] = skuName(all[caller].random.IntN(shelves.SKUs))
			}
			return 1, open.(reader).read(ctx, skus)
		})
	}, open)
	stop()
	return f, errors.Join(err, g.Wait())
}

// pace sells so many orders a second until ctx ends, each caller at its share.
func pace(ctx context.Context, s seller, perSecond, callers int) error {
	var g errgroup.Group
	for caller := range callers {
		g.Go(func() error {
			c := shelves.newCustomers("b", caller)
			tick := time.NewTicker(time.Second * time.Duration(callers) / time.Duration(perSecond))
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return nil
				case <-tick.C:
				}
				if err := s.sell(ctx, caller, []order{c.order()}, true); err != nil && ctx.Err() == nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}
