package inventory

import (
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Ingest carries a run of ledger entries into the Book. Make it with
// NewIngest. The result is an Ingested or a *Refusal.
type Ingest struct {
	Warehouse stock.Warehouse
	Epoch     stock.Epoch
	Session   Session
	From      stock.Seq  // number of the first entry
	Prev      stock.Hash // the chain's hash before it
	Entries   []Sent
	Digest    *uint64   // root of the agent's digest after the last entry, where it knows it
	Last      stock.Seq // newest entry that the agent has
}

// Sent is one entry as it arrived.
type Sent struct {
	Raw   []byte // exactly as the ledger keeps it
	Hash  stock.Hash
	Entry stock.Entry
	Err   error // why Raw is no valid entry; Entry is then empty
}

// NewIngest decodes and hashes a batch. It is pure and safe for concurrent
// use, so that this work is done outside the Book's one writer. An entry that
// does not decode is no error here: the Book sets it aside and goes on. The
// bytes of the batch belong to the command from now on.
func NewIngest(w stock.Warehouse, e stock.Epoch, s Session, batch stock.Batch, digest *uint64, last stock.Seq) *Ingest {
	in := &Ingest{
		Warehouse: w, Epoch: e, Session: s,
		From: batch.From, Prev: batch.Prev, Digest: digest, Last: last,
		Entries: make([]Sent, len(batch.Entries)),
	}
	head := batch.Prev
	for i, raw := range batch.Entries {
		head = head.Next(raw)
		sent := &in.Entries[i]
		sent.Raw, sent.Hash = raw, head
		sent.Entry, sent.Err = wire.DecodeEntry(raw)
	}
	return in
}

// To gives the number of the last entry; From-1 for an empty run.
func (in *Ingest) To() stock.Seq { return in.From + stock.Seq(len(in.Entries)) - 1 }

// Bytes gives the length of all entries in bytes.
func (in *Ingest) Bytes() int {
	n := 0
	for i := range in.Entries {
		n += len(in.Entries[i].Raw)
	}
	return n
}
