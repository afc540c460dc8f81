// Package barcode says what a scanned code means.
//
// Rules.Parse is the one way in: it takes what a scanner read, with the symbology identifier if there is one, and returns a
// Code: an article by its GTIN, GS1 elements (lot, dates, weight, count), a label weighed or priced in the shop, a logistic
// unit, one of the warehouse's own cards, or plain text.
//
// What it promises:
//
//   - A code whose check digit is wrong is an Error that says so and what to do. It is never corrected and looked up.
//   - Nothing is guessed: an unknown application identifier, a missing separator, a date that does not exist are errors.
//   - GTINs are always 14 digits. Weights and amounts are integers.
//   - It is pure: the same code at the same time gives the same answer.
//
// The rules are those of the GS1 General Specifications unless a comment names another source.
package barcode
