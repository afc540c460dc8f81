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
