// Package client is how a platform written in Go reserves stock and follows it.
//
// It promises that every call is safe to repeat, and repeats it: the caller
// chooses the id of a reservation, so a call whose answer was lost is asked
// again under the same id until the hub has answered, or the context ends. A
// Stream carries many commands over one connection and goes on after a lost
// one; a watch goes on behind the last thing it gave, without a gap.
//
// An order by a call of its own costs both sides about twice the processor time
// of the same order over a Stream, which all goroutines of a program can share.
// Where a reservation's lots and times are not needed, its BASIC view is cheaper
// again: set View in the request.
//
// It never retries what the hub has decided: a refusal is an *Error, and a lack
// of stock a *ShortError with the numbers. All of it is safe for concurrent
// use, but for one Watch, which belongs to one goroutine.
package client
