// Package printer keeps a label printer supplied: a raw ZPL or TSPL printer on a
// serial port or on TCP port 9100.
//
// What it promises:
//
//   - Print never waits. A label stands in a queue of bounded length until the
//     printer has taken it, also while the printer is off; when the queue is
//     full, Print says so, and what waits stays.
//   - A label counts as printed when the printer, asked after it was sent, has
//     nothing left to print. Until then it is sent again after a break, so a
//     label may come twice where a cable is pulled in the middle, and none is
//     lost while the agent runs.
//   - State says in words what is wrong and what to do: no paper, lid open, no
//     answer.
//
// Everything is sent as dots: a printer needs no fonts, and its own ideas of bar
// codes do not matter. It knows nothing of what is on a label.
package printer
