package wire

import (
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// OrderMessage gives the order as it travels.
func OrderMessage(o *stock.Order) *forestockv1.Order {
	m := &forestockv1.Order{
		Id: string(o.ID), Ref: o.Ref, Channel: o.Channel, State: uint32(o.State),
		ConfirmedMs: ms(o.Confirmed), DueMs: ms(o.Due), Before: uint32(o.Before),
	}
	for i := range o.Lines {
		l := &o.Lines[i]
		line := &forestockv1.OrderLine{
			Number: uint32(l.Number), Sku: string(l.SKU), Quantity: l.Quantity, Tolerance: l.Tolerance, MinExpiry: int32(l.MinExpiry),
			Picked: l.Picked, Short: l.Short,
		}
		for _, s := range l.Lots {
			line.Lots = append(line.Lots, &forestockv1.LotShare{Lot: string(s.Lot), Quantity: s.Quantity})
		}
		for _, s := range l.Substitutes {
			line.Substitutes = append(line.Substitutes, string(s))
		}
		m.Lines = append(m.Lines, line)
	}
	return m
}

// OrderFrom reads an order and checks it.
func OrderFrom(m *forestockv1.Order) (stock.Order, error) {
	o := stock.Order{
		ID: stock.OrderID(m.GetId()), Ref: m.GetRef(), Channel: m.GetChannel(), State: stock.OrderState(min(m.GetState(), 255)),
		Confirmed: clock(m.GetConfirmedMs()), Due: clock(m.GetDueMs()), Before: int(m.GetBefore()),
	}
	for _, l := range m.GetLines() {
		line := stock.OrderLine{
			Number: int(l.GetNumber()), SKU: stock.SKU(l.GetSku()), Quantity: l.GetQuantity(), Tolerance: l.GetTolerance(),
			MinExpiry: stock.Date(l.GetMinExpiry()), Picked: l.GetPicked(), Short: l.GetShort(),
		}
		for _, s := range l.GetLots() {
			line.Lots = append(line.Lots, stock.LotShare{Lot: stock.Lot(s.GetLot()), Quantity: s.GetQuantity()})
		}
		for _, s := range l.GetSubstitutes() {
			line.Substitutes = append(line.Substitutes, stock.SKU(s))
		}
		o.Lines = append(o.Lines, line)
	}
	if err := o.Validate(); err != nil {
		return stock.Order{}, err
	}
	return o, nil
}
