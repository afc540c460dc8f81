// Package campaign runs the work under torture again and again, each time with
// another fault, and counts what became of it.
//
// It promises that a campaign which reports no failure has reopened and read
// the whole ledger after every single fault.
package campaign
