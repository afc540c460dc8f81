// Package lend is how a scan station's small box lends the serial lines of its devices to the agent over the LAN: what
// travels, and the borrower's side. Package serve is the lender's side; package port borrows by an address such as
// lend://10.0.0.7:7070/scale-1.
//
// What it promises:
//
//   - Both sides prove that they know the shared key before a byte of a device is exchanged, and nobody else can read or
//     change what travels: TLS 1.3 in which each side has the certificate that follows from the key, and no other is taken.
//   - Every chunk of bytes and every state has a sequence number of the lender's run. A number that is not newer than the
//     last one, also one from before a reconnection, is dropped: nothing arrives twice.
//   - What a device says while nobody borrows it is not kept. A code that was scanned into a broken link is lost, visibly: the
//     station does not beep, and the person scans again. Kept, it would be booked into whatever is on the screen by then.
//   - Both sides send a beat several times a second. Without one for 1.5 seconds the link is lost and the device absent.
//
// The lines are lent and not the readings: bytes are decoded in one place, with one set of rules, and the raw evidence stays
// whole.
package lend
