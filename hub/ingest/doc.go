// Package ingest is the hub's side of the link: it turns the frames of the
// agents into commands of the store, and what the store has to say into frames.
//
// It promises that an agent is told "stored" only what the store has said is
// durable, however often it asks; that a frame of another warehouse, of an older
// session or of a replaced ledger changes nothing and is answered with the
// reason; that hostile bytes cost a log line and a count, never a crash; and
// that one warehouse never waits for another.
//
// It never decides what an entry means, keeps nothing durable, and drops
// nothing that it has acknowledged: a frame that finds no room is answered
// "busy", and the agent sends it again.
package ingest
