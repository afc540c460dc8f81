package port

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/forestock/forestock/firmware-bridge/lend"
)

// Config says which device and how.
type Config struct {
	// Address is a path (best a stable name below /dev/serial/by-id or /dev/serial/by-path), tcp://host:port of a raw TCP
	// serial server such as ser2net, or lend://host:port/device of a box that runs `firmware-bridge serve`.
	Address string
	// Key is the key shared with a lender, 64 hex digits; only for lend://.
	Key string
	// Line is ignored over TCP, except for seven bits with parity, and entirely for a lender, who has settings of its own.
	Line Line
	// SilentAfter is how long nothing may arrive before the state becomes Silent; 0 means for ever, which is right for
	// scanners and for scales that answer only when asked.
	SilentAfter time.Duration
	// WriteTimeout bounds a Write whose context has no earlier deadline.
	WriteTimeout time.Duration
	// RetryMin and RetryMax bound the wait between openings; it doubles from one to the other.
	RetryMin, RetryMax time.Duration
	// Queue is how many events wait for the reader of Events before the oldest is dropped.
	Queue int
}

// DefaultConfig returns the settings that fit most devices, without an address.
func DefaultConfig() Config {
	return Config{
		Line:         DefaultLine,
		WriteTimeout: time.Second,
		RetryMin:     50 * time.Millisecond,
		RetryMax:     5 * time.Second,
		Queue:        1024,
	}
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if c.Address == "" {
		return errors.New("no address: want a path such as /dev/serial/by-id/... or tcp://host:port")
	}
	if host, ok := c.tcp(); ok {
		if _, _, err := net.SplitHostPort(host); err != nil {
			return fmt.Errorf("address %s: want tcp://host:port: %w", c.Address, err)
		}
	} else if err := c.validateLender(); err != nil {
		return err
	}
	if err := c.Line.Validate(); err != nil {
		return fmt.Errorf("line of %s: %w", c.Address, err)
	}
	switch {
	case c.SilentAfter < 0:
		return fmt.Errorf("silent after %v: want 0 or more", c.SilentAfter)
	case c.WriteTimeout <= 0:
		return fmt.Errorf("write timeout %v: want more than 0", c.WriteTimeout)
	case c.RetryMin <= 0 || c.RetryMax < c.RetryMin:
		return fmt.Errorf("retry %v to %v: want 0 < min <= max", c.RetryMin, c.RetryMax)
	case c.Queue < 2:
		return fmt.Errorf("queue of %d events: want 2 or more", c.Queue)
	}
	return nil
}

func (c Config) validateLender() error {
	hostPort, _, lent := splitLender(c.Address)
	switch {
	case !lent && strings.Contains(c.Address, "://"):
		return fmt.Errorf("address %s: want a path, tcp://host:port or lend://host:port/device", c.Address)
	case !lent:
		return nil
	}
	if _, _, err := net.SplitHostPort(hostPort); err != nil {
		return fmt.Errorf("address %s: want lend://host:port/device: %w", c.Address, err)
	}
	if _, err := lend.ParseKey(c.Key); err != nil {
		return fmt.Errorf("address %s: %w", c.Address, err)
	}
	return nil
}

// softParity reports whether parity is handled here: not for a lender's device, whose bytes are plain already.
func (c Config) softParity() bool {
	_, _, lent := splitLender(c.Address)
	return !lent && c.Line.softParity()
}

// lenderRetry bounds the wait for a lender: nothing here shows when its device is plugged in again.
const lenderRetry = 500 * time.Millisecond

func (c Config) retryMax() time.Duration {
	if _, _, lent := splitLender(c.Address); lent {
		return min(c.RetryMax, lenderRetry)
	}
	return c.RetryMax
}

func (c Config) tcp() (hostPort string, ok bool) { return strings.CutPrefix(c.Address, "tcp://") }
