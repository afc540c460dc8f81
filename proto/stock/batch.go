package stock

// Batch is a run of entries of one ledger, as stored and as sent: encoded, in
// order, without a gap.
type Batch struct {
	From    Seq      // number of the first entry; the next ones follow on
	Prev    Hash     // the chain's hash before the first entry
	Entries [][]byte // each entry's bytes, exactly as the ledger keeps them
}

// To gives the number of the last entry; From-1 for an empty batch.
func (b *Batch) To() Seq { return b.From + Seq(len(b.Entries)) - 1 }

// Head gives the chain's hash after the last entry.
func (b *Batch) Head() Hash {
	h := b.Prev
	for _, e := range b.Entries {
		h = h.Next(e)
	}
	return h
}

// Position is how far a ledger has come.
type Position struct {
	Epoch Epoch
	First Seq  // oldest entry that is still kept
	Last  Seq  // newest entry; First-1 when none is kept
	Head  Hash // the chain's hash after Last
}

// Down is one thing that the hub set or promised, as it travels to a
// warehouse: the newest state of that thing, so that applying it twice changes
// nothing. Exactly one field is set.
type Down struct {
	Item  *Item
	Order *Order
}

// DownBatch is a run of the hub's down stream of one warehouse.
type DownBatch struct {
	Epoch   Epoch // the hub's epoch of the stream
	From    Seq
	Entries []Down
}

// To gives the number of the last entry; From-1 for an empty batch.
func (b *DownBatch) To() Seq { return b.From + Seq(len(b.Entries)) - 1 }

// DownPosition is how much of the hub's down stream a warehouse has stored.
type DownPosition struct {
	Epoch   Epoch
	Applied Seq
}
