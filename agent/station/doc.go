// Package station serves the scan stations of a warehouse: a page for people
// with gloves on, and the JSON API that the page uses.
//
// It promises that the page holds nothing: what it shows is the state that the
// agent keeps, so a reload, another tablet or a new battery loses nothing; and
// that it works without the network beyond the warehouse. It never decides
// what a scan means, and answers "saved" only after the ledger has said so.
package station
