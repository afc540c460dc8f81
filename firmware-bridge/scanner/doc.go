// Package scanner cuts the bytes of a barcode scanner into scans.
//
// What it promises:
//
//   - A Framer is pure: bytes and their time of arrival in, scans out; no I/O, no clock. However the bytes are split into
//     chunks, the scans are the same.
//   - Nothing inside a scan is lost or changed: control characters such as the GS between GS1 elements stay, and Raw has
//     every byte with prefix, suffix and identifier.
//   - A double read of the same code is reported as such, not hidden; what a scanner sends when it read nothing is NoRead,
//     never an item; a fragment or an over-long run is Broken, never an item.
//   - Memory is bounded whatever arrives.
//
// What a code means is the business of package barcode.
package scanner
