// Package broker carries frames between the hub and the agents over MQTT: with
// a broker inside the hub's own process (Embedded), or through one that runs
// elsewhere (Client).
//
// It promises that a frame which arrives came in on the topic of the warehouse
// it is handed over for; that no client can cost the hub more than a bounded
// amount of memory, connections and attention; and that a slow or hostile agent
// is felt by nobody else.
//
// It promises no delivery: every broker is a pipe that may lose, repeat and
// hold up what it carries. What is stored is acknowledged by package ingest, and
// by nothing in here: no PUBACK and no token means anything.
package broker
