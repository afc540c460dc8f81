// Package stock holds the words and rules that the agent and the hub share:
// SKUs, quantities, movements, and how movements add up to levels.
//
// It promises that the same movements in the same order give the same levels
// and the same digest on both sides. It does no I/O, reads no clock, and
// imports the standard library only.
package stock
