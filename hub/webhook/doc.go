// Package webhook tells the platform what happens, over HTTP: every change of a
// reservation, and levels that changed, as CloudEvents 1.0 (structured JSON),
// signed as Standard Webhooks 1.0 has it.
//
// It promises that each event reaches each endpoint at least once, or is on the
// endpoint's list of dead letters; that those of one key (a reservation, or a
// SKU in a warehouse) go out one after the other, in their order; that a key
// that is stuck holds up no other; and that all of it outlives the process. An
// event that is sent again has the webhook-id that it had before.
//
// It keeps no copy of what waits: events are read from the store as they are
// sent, so that an endpoint that is dead for a day costs no memory. It never
// holds up whoever reserves, and it never posts to an address inside the
// operator's network unless the operator allowed that.
package webhook
