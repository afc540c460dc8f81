package uplink_test

import (
	"context"
	"errors"

	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Newest gives the levels as of the newest entry.
func (j *memJournal) Orders() []stock.Order { return nil }

func (j *memJournal) Newest() stock.Statement {
	j.mu.Lock()
	defer j.mu.Unlock()
	st := stock.Statement{Epoch: j.epoch, Seq: stock.Seq(len(j.entries)), Head: j.hashes[len(j.entries)]}
	st.Levels, st.Digest = j.sheet.State()
	return st
}

// Base gives no levels: a memJournal keeps every entry.
func (j *memJournal) Base(context.Context) (stock.Statement, error) {
	return stock.Statement{Epoch: j.epoch, Head: j.hashes[0]}, nil
}

// lone is a ledger without an earlier one.
type lone struct{}

var errLone = errors.New("there is no earlier ledger")

func (lone) TookOver() stock.Takeover     { return stock.Takeover{} }
func (lone) Ancestors() []uplink.Ancestor { return nil }
func (lone) TracePoints(context.Context, stock.Epoch, stock.Seq, stock.Seq, int) ([]wire.TracePoint, error) {
	return nil, errLone
}

func (lone) TakeOver(context.Context, stock.Statement, stock.Seq) (stock.Takeover, error) {
	return stock.Takeover{}, errLone
}
func (lone) Inherit(context.Context) (stock.Takeover, error) { return stock.Takeover{}, errLone }
