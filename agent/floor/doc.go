// Package floor is what staff do at a scan station: scans, weights and keys
// become movements of stock, one question at a time.
//
// Step is a pure state machine. It takes the state of one station and one
// input, and gives the next state, what to show and sound, and at most one
// command for the ledger. It does no I/O but the look-ups of Book and of
// Rules.Notices, reads no clock, and never changes the state that it was given.
//
// It promises:
//
//   - Saved is said and sounded only after the ledger has said so: a command
//     is followed by its Outcome, and only that makes a green view.
//   - Any code is accepted at any time and routed by what it is. What cannot
//     be used is refused in red with what to do about it, never in silence.
//   - A weight becomes a movement only when it is settled, fresh, free of
//     faults and in a known unit, and the pan was empty since the last one: the
//     same weight twice counts twice, one weight never twice.
//   - Nothing is booked by the passing of time.
//
// Desk owns one station: it takes inputs in the order in which they arrive,
// carries commands to the ledger, and tells whoever watches.
package floor
