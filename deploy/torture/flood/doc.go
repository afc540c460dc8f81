// Package flood sends frames to a hub over a network that repeats them,
// overtakes them and never forgets them, and holds the hub against a model.
//
// Every frame is delivered three times, up to a thousand deliveries late, and
// frames of earlier sessions and of earlier ledgers come back long after. The
// senders run ahead of the acknowledgements and cut the same entries into
// batches anew, which real agents never do, so that gaps and overlaps are met
// as well. It promises that each delivered frame was answered by the hub before
// the next of its warehouse was delivered.
package flood
