// Package client is how a platform written in Go reserves stock and follows it.
//
// It promises that every call is safe to repeat, and repeats it: the caller
// chooses the id of a reservation, so a call whose answer was lost is asked
// again under the same id until the hub has answered, or the context ends. A
// Stream carries many commands over one connection and goes on after a lost
// one; a watch goes on behind the last thing it gave, without a gap.
//
// It never retries what the hub has decided: a refusal is an *Error, and a lack
// of stock a *ShortError with the numbers. All of it is safe for concurrent
// use, but for one Watch, which belongs to one goroutine.
package client
