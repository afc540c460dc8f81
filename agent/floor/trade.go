package floor

import "github.com/forestock/forestock/proto/stock"

// trade is how a mode treats what comes in. A trade has no state of its own.
type trade interface {
	// begin starts the mode, perhaps with what a look-up had found.
	begin(*turn, sought)
	// goods takes an item that was scanned.
	goods(*turn, goods)
	// advance goes on with t.goods as far as what is known of them allows.
	advance(*turn)
	// bin takes a bin that was scanned.
	bin(*turn, stock.Bin)
	// button takes OK, Finish, Empty or a reason; false when it means nothing now.
	button(*turn, Button) bool
	// number takes a quantity that was keyed in after the goods; false when it
	// means nothing now.
	number(*turn, int64) bool
	// saved goes on after the ledger has saved a command.
	saved(*turn, *pending)
	// ask gives the question and the next scan, where the goods have none.
	ask(*turn) (ask, next Text)
	// keys gives the buttons that make sense.
	keys(*turn) []Button
}

var trades = map[Mode]trade{
	LookUp:      lookingUp{},
	Receive:     receiving{},
	Putaway:     moving{},
	Move:        moving{},
	Pick:        picking{},
	Waste:       wasting{},
	Count:       counting{},
	Return:      returning{},
	TransferOut: sending{},
	TransferIn:  arriving{},
}

// trade gives the trade of the work at hand.
func (t *turn) trade() trade {
	if t.mode == Pick && t.round != nil {
		return filling{}
	}
	if t.mode == Return && t.supplier {
		return givingBack{}
	}
	return trades[t.mode]
}

// plain is what most trades do with most things: nothing.
type plain struct{}

func (plain) begin(*turn, sought)       {}
func (plain) button(*turn, Button) bool { return false }
func (plain) number(*turn, int64) bool  { return false }
func (plain) saved(*turn, *pending)     {}
