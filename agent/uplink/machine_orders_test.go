package uplink

import (
	"fmt"
	"testing"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// manyOrders gives orders that fit no single frame.
func manyOrders(n int) (all []stock.Order) {
	for i := range n {
		o := stock.Order{ID: stock.OrderID(fmt.Sprint("o-", i)), State: stock.OrderOpen}
		for l := range 40 {
			o.Lines = append(o.Lines, stock.OrderLine{Number: l + 1, SKU: stock.SKU(fmt.Sprintf("sku-%x", i*7919+l*104729)), Quantity: int64(i + l + 1)})
		}
		all = append(all, o)
	}
	return all
}

// A hub whose down stream begins anew is told every order that the warehouse
// holds, part by part and again until it has taken them, before it gets an entry
// and before anything of the new stream is taken.
func TestMachine_TellsItsOrdersBeforeAnythingElse(t *testing.T) {
	b := newBench(t, 3)
	b.m.down.stored = stock.DownPosition{Epoch: stock.Epoch{1}, Applied: 7}
	w := b.welcome(1, 0)
	w.TellOrders = true
	hear := func(body wire.Body) (sent []wire.Frame) {
		b.m.frame(b.now, &wire.Frame{Epoch: b.ledger.epoch, Session: 1, Body: body})
		sent, _ = b.todo()
		return sent
	}
	b.m.frame(b.now, &wire.Frame{Session: 1, Body: w})
	if sent, _ := b.todo(); len(sent) > 1 { // the hello
		t.Errorf("before the ledger told the orders %d frames were sent", len(sent))
	}
	all := manyOrders(600)
	b.m.orders(b.now, all)
	sent, _ := b.todo()
	told := make(map[stock.OrderID]int)
	for parts := 0; ; parts++ {
		if len(sent) != 1 {
			t.Fatalf("part %d: %d frames", parts, len(sent))
		}
		part, ok := sent[0].Body.(*wire.Orders)
		if !ok {
			if _, ok := sent[0].Body.(*wire.Batch); !ok || parts < 2 {
				t.Fatalf("after %d parts comes a %T", parts, sent[0].Body)
			}
			break
		}
		for _, o := range part.Orders {
			told[o.ID]++
		}
		if answer := hear(&wire.DownBatch{From: 1, Entries: []stock.Down{{}}}); len(answer) > 0 || b.m.down.busy {
			t.Error("something of the new stream was taken")
		}
		if answer := hear(&wire.OrdersTaken{Part: part.Part - 1}); len(answer) > 0 {
			t.Errorf("the answer to an earlier part was taken for one to part %d", part.Part)
		}
		b.now = b.now.Add(maxWait)
		b.m.heard = b.now
		b.m.tick(b.now)
		again, _ := b.todo()
		if len(again) == 0 || again[len(again)-1].Kind() != wire.KindOrders {
			t.Errorf("part %d is not told again", part.Part)
		}
		sent = hear(&wire.OrdersTaken{Part: part.Part})
	}
	for _, o := range all {
		if told[o.ID] != 1 {
			t.Errorf("order %s was told %d times", o.ID, told[o.ID])
		}
	}
	b.m.frame(b.now, &wire.Frame{Epoch: stock.Epoch{2}, Session: 1, Body: &wire.DownBatch{From: 1, Entries: []stock.Down{{}}}})
	if !b.m.down.busy {
		t.Error("the new stream is not taken after the orders were")
	}
}

func TestMachine_TellsNoOrdersWhereNobodyAsks(t *testing.T) {
	for name, change := range map[string]func(*bench, *wire.Welcome){
		"an older hub":      func(_ *bench, w *wire.Welcome) { w.TellOrders = false },
		"the same stream":   func(b *bench, w *wire.Welcome) { w.DownEpoch = b.m.down.stored.Epoch },
		"a box without any": func(b *bench, _ *wire.Welcome) { b.m.down.stored = stock.DownPosition{} },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 1)
			b.m.down.stored = stock.DownPosition{Epoch: stock.Epoch{1}, Applied: 7}
			w := b.welcome(1, 0)
			w.TellOrders = true
			change(b, w)
			sent := b.hear(1, w)
			if len(sent) == 0 || sent[len(sent)-1].Kind() != wire.KindBatch {
				t.Errorf("after the welcome %d frames are sent, and no batch", len(sent))
			}
		})
	}
}
