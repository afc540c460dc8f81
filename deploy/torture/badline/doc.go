// Package badline is a bad line between an agent and the hub: a proxy for one
// MQTT connection after the other that loses, delays and throttles what it
// carries, and that is cut every few seconds.
//
// A proxy on top of TCP cannot lose TCP's own segments, so what is modelled is
// what the ends would see of it. A lost segment is one that TCP sends again:
// its packet, and everything behind it, comes later by a retransmission timeout
// that starts at 200 ms and doubles, and its bytes are counted again. What
// really vanishes are whole MQTT packets: publishes of QoS 0, as at a broker
// whose queue is full or that restarts. Order within a connection is kept, as
// TCP keeps it. A cut closes the connection, resets it, or turns it into a hole
// that swallows everything while both ends believe that it stands.
//
// It promises that everything random comes from one seed for each line; what
// the ends send, and when, is not in its hands.
package badline
