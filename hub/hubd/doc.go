// Package hubd wires the hub: broker, ingest, store, API and console, in the
// order that a frame travels.
package hubd
