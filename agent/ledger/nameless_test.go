package ledger

import (
	"testing"

	"github.com/forestock/forestock/proto/stock"
)

// A ledger that is too damaged to say its epoch may be the one that the hub
// speaks of: otherwise all of it would be brought along, and what the hub has
// of it would count twice.
func TestPredecessor_OneWithoutANameMayBeTheOneThatIsAskedFor(t *testing.T) {
	named := &Predecessor{PredecessorInfo: PredecessorInfo{Position: stock.Position{Epoch: stock.Epoch{1}}}}
	nameless := new(Predecessor)
	for _, tt := range []struct {
		name string
		line []*Predecessor
		want *Predecessor
	}{
		{"by its name", []*Predecessor{nameless, named}, named},
		{"nobody has the name", []*Predecessor{nameless}, nameless},
		{"no predecessor", nil, nil},
	} {
		l := &Ledger{predecessors: tt.line}
		if got, ok := l.Predecessor(stock.Epoch{1}); got != tt.want || ok != (tt.want != nil) {
			t.Errorf("%s: %p, %v; want %p", tt.name, got, ok, tt.want)
		}
	}
	l := &Ledger{predecessors: []*Predecessor{named}}
	if _, ok := l.Predecessor(stock.Epoch{2}); ok {
		t.Error("a ledger with another name was given")
	}
}
