package api

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"
)

// Config says where the API listens, whom it lets in and how much it takes on.
type Config struct {
	// GRPC and HTTP are the addresses to listen on, as host:port; port 0
	// takes any free one.
	GRPC string
	HTTP string
	// TLS encrypts both listeners; nil speaks plain text.
	TLS *tls.Config
	// Tokens are the callers that are let in. Without any, everybody who
	// reaches the addresses is.
	Tokens []Token
	// Open allows addresses that are not loopback ones without any token.
	Open bool
	// Live and Degraded bound the age up to which numbers have that
	// freshness; older ones are frozen.
	Live     time.Duration
	Degraded time.Duration
	// Zone is where the platform's day begins: the day decides whether a lot
	// has expired.
	Zone *time.Location
	// Bookmark is how long a watch is silent at most.
	Bookmark time.Duration
	Limits   Limits
}

// Limits bound what callers can ask of the hub at once.
type Limits struct {
	// MessageBytes is the largest request.
	MessageBytes int
	// CallsPerSecond and Burst are one caller's token bucket: a token's
	// holder, or an address (its /64 with IPv6). Zero calls is no limit.
	CallsPerSecond float64
	Burst          int
	// InFlight is how many calls run at once, Streams how many watches.
	InFlight int
	Streams  int
	// Commands is how many commands of calls wait for the store at once, and as
	// many of streams.
	Commands int
	// Connections is how many clients each listener holds.
	Connections int
	// Call is the longest that a call may run, watches apart.
	Call time.Duration
	// Drain is how long the calls that run may take to end at shutdown.
	Drain time.Duration
}

// DefaultConfig listens on this machine only and lets everybody there in.
func DefaultConfig() Config {
	return Config{
		GRPC: "127.0.0.1:9090", HTTP: "127.0.0.1:8080",
		Live: 15 * time.Second, Degraded: 5 * time.Minute,
		// China has one time zone without summer time, so a hub on a box
		// without a time zone database has the right day too.
		Zone:     time.FixedZone("Asia/Shanghai", 8*60*60),
		Bookmark: 10 * time.Second,
		Limits: Limits{
			MessageBytes: 1 << 20, CallsPerSecond: 20_000, Burst: 20_000,
			InFlight: 1024, Streams: 1024, Commands: 4096, Connections: 4096,
			Call: 10 * time.Second, Drain: 5 * time.Second,
		},
	}
}

// Validate tells everything that is wrong with the configuration.
func (c *Config) Validate() error {
	errs := []error{c.validateAddress("grpc", c.GRPC), c.validateAddress("http", c.HTTP)}
	if c.Live <= 0 || c.Degraded < c.Live {
		errs = append(errs, fmt.Errorf("freshness: live %v must be positive and at most degraded %v", c.Live, c.Degraded))
	}
	if c.Zone == nil {
		errs = append(errs, errors.New("zone: name the platform's time zone, such as Asia/Shanghai"))
	}
	if c.Bookmark <= 0 {
		errs = append(errs, fmt.Errorf("bookmark: %v must be positive", c.Bookmark))
	}
	return errors.Join(append(errs, c.Limits.validate(), validateTokens(c.Tokens))...)
}

// validateAddress refuses an open door: without tokens the API is for programs
// on the same machine.
func (c *Config) validateAddress(name, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%s address %q: write it as host:port: %w", name, address, err)
	}
	if len(c.Tokens) > 0 || c.Open || host == "localhost" || net.ParseIP(host).IsLoopback() {
		return nil
	}
	return fmt.Errorf("%s address %q: not a loopback address; configure tokens, or say that it is open to everybody", name, address)
}

func (l *Limits) validate() error {
	if l.MessageBytes <= 0 || l.InFlight <= 0 || l.Streams <= 0 || l.Commands < max(maxTries, streamBatch) || l.Connections <= 0 || l.Call <= 0 || l.Drain <= 0 {
		return fmt.Errorf("limits: message bytes, in flight, streams, connections, call and drain must be positive, and commands at least %d", max(maxTries, streamBatch))
	}
	if l.CallsPerSecond < 0 || (l.CallsPerSecond > 0 && l.Burst < 1) {
		return fmt.Errorf("limits: %v calls per second with a burst of %d lets nothing through", l.CallsPerSecond, l.Burst)
	}
	return nil
}
