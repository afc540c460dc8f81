// Package devices keeps the warehouse's scales and scanners attached.
//
// It promises that each device has a state in words that say what to do
// (absent, no permission, busy, silent, garbled, ready …), that a change of it
// is told at once, that a weight is void the moment its scale is gone or
// silent, and that no device waits for another: each has a goroutine of its
// own. It never decides what a code or a weight means for the stock.
package devices
