package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/deploy/fleet"
	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

// staff is one person at work in a warehouse. All that it does goes through
// the scanner and the scale.
type staff struct {
	site  *fleet.Site
	items []stock.Item
	rng   *rand.Rand
	today stock.Date
	shelf []carton // what this person has received

	scans, saved, refused, unseen atomic.Int64
}

// carton is goods that were received, and the code on them.
type carton struct {
	item  *stock.Item
	label string
}

func newStaff(site *fleet.Site, items []stock.Item, seed uint64, today stock.Date) *staff {
	return &staff{
		site: site, items: items, today: today,
		rng: rand.New(rand.NewPCG(seed, uint64(len(site.Warehouse))+uint64(site.Warehouse[len(site.Warehouse)-1]))),
	}
}

// signIn scans this person's badge.
func (p *staff) signIn(ctx context.Context) error {
	card, err := barcode.NewCard(barcode.BadgeCard, fmt.Sprintf("%06d", 100+p.rng.IntN(900)))
	if err != nil {
		return err
	}
	return p.scan(ctx, "]C1"+card.Data())
}

// scan scans a code, and acknowledges a refusal. Only the end of ctx, or a
// cable that is unplugged, is an error: whatever else goes wrong, work goes on.
func (p *staff) scan(ctx context.Context, code string) error {
	p.scans.Add(1)
	flash, err := p.site.Scan(ctx, code)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, fleet.ErrNotSeen):
		return p.unanswered(ctx)
	case err != nil:
		return err
	case flash.Sound == floor.SoundSaved:
		p.saved.Add(1)
	case flash.Sound == floor.SoundRefuse:
		p.refused.Add(1)
		return p.acknowledge(ctx)
	}
	return nil
}

// reading is how long a person looks at red. The same card again sooner would
// be a double read.
const reading = 400 * time.Millisecond

// acknowledge scans OK, which takes the red away.
func (p *staff) acknowledge(ctx context.Context) error {
	if !fleet.Pause(ctx, reading) {
		return context.Cause(ctx)
	}
	card, _ := floor.CardOf(floor.OK)
	p.scans.Add(1)
	if err := p.site.Scanner.Scan("]C1" + card.Data()); err != nil {
		return err
	}
	_, err := p.site.Until(ctx, 5*time.Second, func(v *floor.View) bool { return v.Alert == nil })
	if err != nil {
		return p.unanswered(ctx)
	}
	return nil
}

// press scans the card of a button.
func (p *staff) press(ctx context.Context, b floor.Button) error {
	card, ok := floor.CardOf(b)
	if !ok {
		return fmt.Errorf("there is no card for the button %q", b)
	}
	return p.scan(ctx, "]C1"+card.Data())
}

// work goes to a mode, unless the station is in it.
func (p *staff) work(ctx context.Context, mode floor.Button) error {
	if view, _ := p.site.View(); string(view.Mode) == string(mode) {
		return nil
	}
	return p.press(ctx, mode)
}

// label is the code on a carton: item, lot and expiry date.
func (p *staff) label(it *stock.Item) string {
	code := "]C101" + string(it.GTINs[0])
	if it.ShelfLife > 0 {
		made := p.today.AddDays(-p.rng.IntN(it.ShelfLife/4 + 1))
		expiry := made.AddDays(it.ShelfLife)
		code += fmt.Sprintf("17%06d", int(expiry)%1_000_000) + "10L" + fmt.Sprintf("%08d", int(made))
	}
	return code
}

// openStock receives the first goods: pieces by the dozen, loose goods by
// weight.
func (p *staff) openStock(ctx context.Context, weighed int, progress func(done, all int)) error {
	if err := p.signIn(ctx); err != nil {
		return err
	}
	if err := p.work(ctx, floor.GoReceive); err != nil {
		return err
	}
	for i := range p.items {
		it := &p.items[i]
		if it.Unit != stock.Piece {
			if weighed == 0 {
				continue
			}
			weighed--
		}
		if err := p.receive(ctx, it); err != nil {
			return err
		}
		progress(i+1, len(p.items))
	}
	return p.press(ctx, floor.Finish)
}

func (p *staff) receive(ctx context.Context, it *stock.Item) error {
	if err := p.work(ctx, floor.GoReceive); err != nil {
		return err
	}
	if bin, err := floor.BinCard(it.Bin); err == nil {
		if err := p.scan(ctx, "]C1"+bin.Data()); err != nil {
			return err
		}
	}
	label := p.label(it)
	p.shelf = append(p.shelf, carton{it, label})
	if it.Unit != stock.Piece {
		return p.weigh(ctx, label, 2_000+p.rng.Int64N(8_000))
	}
	if err := p.press(ctx, floor.Button([]string{"x6", "x12", "x24"}[p.rng.IntN(3)])); err != nil {
		return err
	}
	return p.scan(ctx, label)
}

// weigh scans loose goods, puts them on the empty scale, waits for the green,
// and takes them off again.
func (p *staff) weigh(ctx context.Context, code string, grams int64) error {
	if err := p.scan(ctx, code); err != nil {
		return err
	}
	before, err := p.site.Until(ctx, weighing, func(v *floor.View) bool { return v.Ask.En == "Put it on the scale" || v.Alert != nil })
	if err != nil || before.Alert != nil {
		return p.unanswered(ctx)
	}
	p.scans.Add(1)
	p.site.Scale.Put(grams)
	view, err := p.site.Until(ctx, weighing, func(v *floor.View) bool {
		return v.Flash.N != before.Flash.N && (v.Flash.Sound == floor.SoundSaved || v.Flash.Sound == floor.SoundRefuse)
	})
	p.site.Scale.Clear()
	switch {
	case err != nil:
		return p.unanswered(ctx)
	case view.Flash.Sound == floor.SoundRefuse:
		p.refused.Add(1)
		return p.acknowledge(ctx)
	}
	p.saved.Add(1)
	return nil
}

// weighing is how long a person waits for the scale.
const weighing = 8 * time.Second

// unanswered counts what nobody answered: the agent is down.
func (p *staff) unanswered(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p.unseen.Add(1)
	return nil
}

// shift works until ctx ends: mostly picking, some receiving, a little waste.
func (p *staff) shift(ctx context.Context) error {
	if err := p.signIn(ctx); err != nil {
		return done(ctx, err)
	}
	for ctx.Err() == nil {
		if err := p.act(ctx); err != nil {
			return done(ctx, err)
		}
		if !fleet.Pause(ctx, time.Duration(20+p.rng.IntN(120))*time.Millisecond) {
			break
		}
	}
	return nil
}

// done makes the end of the day no error.
func done(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

func (p *staff) act(ctx context.Context) error {
	if len(p.shelf) == 0 || p.rng.IntN(100) < 15 {
		it := &p.items[p.rng.IntN(len(p.items))]
		if it.Unit == stock.Piece || p.rng.IntN(4) == 0 {
			return p.receive(ctx, it)
		}
	}
	if len(p.shelf) == 0 {
		return nil
	}
	i := p.rng.IntN(len(p.shelf))
	c := p.shelf[i]
	bare := "]E0" + string(c.item.GTINs[0][1:])
	switch n := p.rng.IntN(100); {
	case n < 4:
		p.shelf = append(p.shelf[:i], p.shelf[i+1:]...)
		return p.waste(ctx, c)
	case n < 8:
		if err := p.work(ctx, floor.GoLookUp); err != nil {
			return err
		}
		return p.scan(ctx, bare)
	}
	if err := p.work(ctx, floor.GoPick); err != nil {
		return err
	}
	if c.item.Unit != stock.Piece {
		return p.weigh(ctx, bare, 200+p.rng.Int64N(1_200))
	}
	return p.scan(ctx, bare)
}

// waste throws away one piece, or a handful of loose goods, of a lot.
func (p *staff) waste(ctx context.Context, c carton) error {
	if c.item.Unit != stock.Piece {
		return nil
	}
	if err := p.work(ctx, floor.GoWaste); err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return p.scan(ctx, c.label) },
		func() error { return p.press(ctx, "r02") },
		func() error { return p.press(ctx, floor.OK) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
