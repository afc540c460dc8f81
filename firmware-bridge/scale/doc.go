// Package scale turns the bytes of a weighing scale into readings. One file per protocol; Protocols lists them.
//
// What it promises:
//
//   - Decoders are pure: bytes and their time of arrival in, events out; no I/O, no clock. However the bytes are split into
//     chunks, the events are the same.
//   - A Reading comes only from a whole frame that is right in every way its protocol can tell. A broken frame becomes
//     Broken, never a weight, and never completes itself with bytes from after a gap or a reconnection.
//   - Weights are integers with a number of decimals, never floats. A reading with a Fault has no value.
//   - Every event carries the raw bytes it was made of, as evidence.
//   - Memory is bounded whatever arrives.
//
// A Decoder listens. A Dialogue also asks: it polls scales that answer only when asked, sends zero and tare, notices silence
// and noise, and infers stability where the wire does not say it. It is pure as well: the owner of the port moves the bytes.
//
// To add a scale, copy _blueprint.go.
package scale
