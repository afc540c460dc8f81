package stock

import "time"

// Recount is an item in a bin where goods were not found, so that somebody has
// to count it.
type Recount struct {
	SKU   SKU
	Bin   Bin
	Seq   Seq       // the newest short there
	Since time.Time // of that short, by the clock of its station
}
