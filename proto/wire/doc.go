// Package wire turns entries and frames into bytes and back.
//
// It promises that what it accepts is whole, within every limit and valid by
// the rules of proto/stock; that hostile bytes cost a bounded amount of memory,
// a few times MaxBody, whatever they claim to unpack to; and that a refusal
// names its reason in one word. It never corrects what it reads.
package wire
