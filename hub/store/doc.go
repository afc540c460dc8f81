// Package store makes the hub's Book durable: in Pebble, embedded.
//
// It promises that Apply answers only after the change is synced to disk, that
// readers see only what is synced, and that a restart gives back exactly what
// was answered. There is one writer; it takes whatever waits and syncs it as
// one group, so that a single caller waits for one sync and a thousand share
// it. Readers never wait for the writer or for each other.
//
// A storage error stops the store for good: it cannot be known whether the last
// group is on disk, so nobody guesses. Commands are safe to repeat after the
// restart, because the Book counts everything once.
package store
