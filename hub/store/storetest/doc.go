// Package storetest is the conformance suite of the hub's stores. It drives a
// store with a fleet of simulated boxes that lose, repeat, reorder and forge
// what they send, and compares every answer and every read with the pure Book.
//
// It promises nothing about speed, and needs nothing of a store but the Store
// interface. A store that can lose its power implements Crasher too and is then
// held to show only what survives.
package storetest
