// Package uplink brings the ledger to the hub, and what the hub sends down into
// the ledger, over any MQTT broker.
//
// It promises that every entry of the ledger is sent, in order, until the hub
// says that it has stored it; that nothing is believed to be stored because a
// broker or an MQTT token said so; that what the hub sends down is confirmed
// only when the ledger has stored it; and that a warehouse never waits for the
// network: no call of this package is on the way of a scan.
//
// It never keeps entries of its own, never drops one, and stops sending at once
// when the hub fences it. It is the only package of the agent that knows MQTT.
//
// A Link is run once, by Run, which owns every goroutine of the package. The
// other methods are safe for concurrent use.
package uplink
