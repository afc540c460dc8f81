package wire

import (
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// Orders tells the hub which orders a warehouse holds to be picked, part by
// part, from 0. The hub takes each of them as often as it comes.
type Orders struct {
	Part   int
	Orders []stock.Order
}

// OrdersTaken says that the hub has taken a part.
type OrdersTaken struct{ Part int }

// MaxOrders bounds the orders of one part.
const MaxOrders = 256

func (b *Orders) check() error {
	if len(b.Orders) == 0 || len(b.Orders) > MaxOrders || b.Part < 0 {
		return refuse(TooLong, "part %d of %d orders: 1 to %d", b.Part, len(b.Orders), MaxOrders)
	}
	return nil
}

func ordersMessage(b *Orders) (*forestockv1.Orders, error) {
	m := &forestockv1.Orders{Part: uint32(b.Part)}
	for i := range b.Orders {
		m.Orders = append(m.Orders, OrderMessage(&b.Orders[i]))
	}
	return m, b.check()
}

func ordersFrom(m *forestockv1.Orders) (Body, error) {
	b := &Orders{Part: int(m.GetPart())}
	for _, o := range m.GetOrders() {
		order, err := OrderFrom(o)
		if err != nil {
			return nil, &FrameError{Invalid, err}
		}
		b.Orders = append(b.Orders, order)
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	return b, nil
}

func (*Orders) kind() Kind      { return KindOrders }
func (*OrdersTaken) kind() Kind { return KindOrdersTaken }
