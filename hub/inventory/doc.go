// Package inventory holds the Book: what every warehouse has, as its agent
// reported it, and what the hub tells the warehouses.
//
// The Book is a deterministic state machine. It promises that the same
// commands at the same times give the same results and the same state, that
// every entry of a ledger counts exactly once whatever is resent, repeated or
// reordered, and that an entry which cannot be applied never stops the ones
// behind it. It does no I/O, reads no clock, draws no random number and starts
// no goroutine: a store makes its changes durable and answers afterwards.
//
// A Book is not safe for concurrent use: it has one writer. Everything that it
// hands out is immutable and may be read from anywhere.
package inventory
