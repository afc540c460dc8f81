package stock

import "crypto/sha256"

// Next extends the hash chain over a ledger's entries by the bytes of one more
// entry: h(n) = SHA-256(h(n-1) || bytes(n)). The chain of an epoch begins with
// Genesis(epoch).
func (h Hash) Next(entry []byte) Hash {
	sum := sha256.New()
	sum.Write(h[:])
	sum.Write(entry)
	var next Hash
	sum.Sum(next[:0])
	return next
}

// Genesis gives h(0) of an epoch, so that chains of two epochs never meet.
func Genesis(e Epoch) Hash { return sha256.Sum256(e[:]) }
