// Package port is a stream of bytes that survives unplugging: a tty (USB adapter, CDC device, real serial port, pty) or a
// raw TCP serial server.
//
// What it promises:
//
//   - Run opens the device, notices when it goes away (within a moment, not at the next write), closes it at once so that
//     the kernel can hand out the same node again, and reopens it by its stable name, for ever, until its context ends.
//   - Bytes and changes of state come out of one channel in the order in which they happened, each chunk with the time it
//     arrived. Nothing that arrived before an opening or before Flush is delivered after it: a stale weight is a money bug.
//   - A slow reader of Events never blocks the device: the oldest chunks are dropped and counted in Event.Lost.
//   - Write returns within its deadline, even to a peer that never drains its line.
//   - One program uses a tty at a time: a second one gets the state Busy.
//
// What it never does: interpret bytes, guess a device, or open a port that Run was not asked to open.
//
// The tty is opened, configured and read through github.com/tarm/serial; a second descriptor on the same tty supplies what
// that library lacks (hang-up, exclusive use, non-blocking writes, odd speeds). DESIGN.md of firmware-bridge has the list.
package port
