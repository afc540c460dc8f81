package scale

import "time"

// Options says how a Dialogue treats a scale. The zero value of a field means its default.
type Options struct {
	Every  time.Duration // between polls; default 200 ms
	Stale  time.Duration // a reading older than this is no longer the weight, and the scale is silent or garbled; default 1 s
	Listen bool          // never poll, although the protocol can: for scales that are set to send by themselves
	Settle Settle        // when a weight counts as stable although the scale does not say so
}

// DefaultOptions returns what fits most scales.
func DefaultOptions() Options {
	return Options{Every: 200 * time.Millisecond, Stale: time.Second, Settle: DefaultSettle()}
}

func (o Options) withDefaults() Options {
	d := DefaultOptions()
	if o.Every > 0 {
		d.Every = o.Every
	}
	if o.Stale > 0 {
		d.Stale = o.Stale
	}
	if o.Settle.Readings > 0 {
		d.Settle = o.Settle
	}
	d.Listen = o.Listen
	return d
}
