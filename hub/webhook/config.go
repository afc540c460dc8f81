package webhook

import (
	"errors"
	"time"
)

// Config is how events are delivered.
type Config struct {
	// Source is the source of every event: which hub it comes from.
	Source string
	// Timeout is for how long an endpoint may take to answer.
	Timeout time.Duration
	// FirstDelay is how long after a failed attempt the next one comes. It
	// doubles from attempt to attempt, up to MaxDelay.
	FirstDelay, MaxDelay time.Duration
	// GiveUp is how old an event gets before it is a dead letter.
	GiveUp time.Duration
	// Coalesce is how long a level that changed waits for newer changes.
	Coalesce time.Duration
	// Workers bounds the attempts that run at once to one endpoint.
	Workers int
	// Window bounds the events that one endpoint has in memory of each kind.
	Window int
	// MaxDead is how many dead letters switch an endpoint off.
	MaxDead int
	// AllowPrivate allows endpoints on this machine and in private networks.
	AllowPrivate bool
	// AllowPlain allows http where the endpoint is not on this machine.
	AllowPlain bool
}

// DefaultConfig tries for a day, and posts to public addresses only.
func DefaultConfig() Config {
	return Config{
		Source: "/forestock/hub", Timeout: 15 * time.Second, FirstDelay: time.Second, MaxDelay: 5 * time.Minute,
		GiveUp: 24 * time.Hour, Coalesce: time.Second, Workers: 8, Window: 1024, MaxDead: 100_000,
	}
}

// Validate reports what is wrong.
func (c *Config) Validate() error {
	if c.Source == "" || c.Timeout <= 0 || c.FirstDelay <= 0 || c.MaxDelay < c.FirstDelay || c.GiveUp <= 0 || c.Coalesce < 0 ||
		c.Workers < 1 || c.Window < 8 || c.MaxDead < 1 {
		return errors.New("webhooks: durations and bounds must be positive, and max delay no shorter than the first")
	}
	return nil
}
