// Package ledger is the warehouse's book: what physically happened, in order,
// on the agent's own disk.
//
// It promises:
//
//   - What Append has answered is on disk (fsync) and is never lost, changed or
//     reordered. Entries are numbered 1, 2, 3 … within an epoch.
//   - A command is booked once, however often its id is repeated, also after
//     a restart. The ids of the newest Options.CommandWindow entries (100,000
//     unless set) are known; an older id counts as new.
//   - Every entry is chained by SHA-256 to the one before it, and every read
//     checks the hash, because bbolt's pages carry no checksum.
//   - Levels, catalogue and positions are read from memory, show nothing that
//     is not on disk yet, and never wait for the disk.
//   - After a failed write it answers neither yes nor no: a failed bbolt commit
//     may have committed. It stops, and after the restart the id decides.
//   - A full disk is refused before anything is written; acknowledgements, the
//     catalogue and trimming still work.
//   - Only entries that the hub has stored are ever trimmed.
//   - A ledger that is damaged, or that the hub does not follow any more, is
//     replaced by one that is whole and never overwritten; what the hub never got
//     is brought along, once.
//
// It never talks to a network, knows no device, and is the only package that
// imports bbolt. All methods of Ledger are safe for concurrent use.
package ledger
