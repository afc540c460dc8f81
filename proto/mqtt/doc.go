// Package mqtt is one connection to an MQTT broker, from connecting to losing
// it: what the agent and a hub behind an external broker have in common.
//
// It keeps no message, repeats none and never connects again by itself: all
// three are the task of the protocol that it carries. It promises that a
// connection which is lost, however, is told as lost, once and with its
// reason; that no write waits longer than ten seconds; and that a broker
// cannot make it allocate more than a packet of 64 KiB.
package mqtt
