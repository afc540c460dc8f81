// Package cards draws what a warehouse prints: cards that are scanned in place
// of pressing a button, bins, badges, totes and crates, and the labels of goods.
//
// What it promises:
//
//   - Whatever it draws can be read: bars are never narrower than MinModule,
//     their quiet zones are kept free, and what does not fit is an error and not
//     a smaller symbol.
//   - Text is drawn as outlines, so a sheet looks the same wherever it is opened
//     and a printer needs no Chinese font.
//   - The same cards give the same bytes, so that a sheet can be compared.
//
// It knows no stock and no devices: it takes codes and words, and gives pages.
// A Page becomes SVG for a browser, PDF for an office printer, or a picture in
// dots for a label printer.
//
// Lengths are millimetres, from the upper left corner of a page.
package cards
