// Package api answers the platform and the operators: gRPC, and the same calls
// as REST with JSON.
//
// It promises that one gate stands before every call, whichever way it came:
// who calls, whether that caller may, whether there is room, how long it may
// take, and what it counted for. It promises that every answer about stock says
// when it was complete, up to which entry, and how far that can be trusted at
// the moment of answering; that every error has a code, a reason that never
// changes and a message that says what to do; and that a watch that goes on
// with its token has missed nothing.
//
// It keeps no state of its own and decides nothing about stock: the numbers are
// those of hub/store, the signs of life those of hub/ingest.
package api
