// Package sim is scales and scanners without hardware: each stands behind a real pty under a stable name, so that the
// program that reads it cannot tell the difference down to the system calls.
//
// A Cable is the pty and its name; it can be unplugged and plugged in again on another node. A Scale has a pan on which
// goods are put and taken off, settles through unstable readings and answers or streams in the frames of its protocol. A
// Scanner sends what it is made to scan. Faults bends what they send: split, merged, noisy, silent, wrong check characters.
//
// The frames are written here from the protocols' descriptions and share no code with the decoders in package scale, so
// that a mistake in one is not confirmed by the other.
package sim
