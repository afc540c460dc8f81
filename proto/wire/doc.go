// Package wire turns entries and frames into bytes and back.
//
// It promises that what it accepts is whole, within every limit and valid by
// the rules of proto/stock, and that hostile bytes cost no more memory than
// the largest frame. It never corrects what it reads.
package wire
