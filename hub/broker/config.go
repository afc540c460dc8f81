package broker

import (
	"errors"
	"fmt"
	"time"
)

// Config bounds what the agents may do to an embedded broker.
type Config struct {
	// QoS of the frames to agents, 0 or 1. Nothing depends on it.
	QoS byte
	// MaxConns and MaxConnsPerIP bound the open connections, greeted or not.
	MaxConns, MaxConnsPerIP int
	// FramesPerSecond and BytesPerSecond bound what one agent may send; what
	// comes faster waits in its own connection.
	FramesPerSecond, BytesPerSecond int
	// TLS makes agents prove who they are by certificate; nil is plain TCP,
	// where a client is whoever it says.
	TLS *TLSFiles
}

// DefaultConfig gives bounds that leave an honest agent all it can use: at full
// speed it drains a backlog with some hundred frames of at most 60 KiB a second.
func DefaultConfig() Config {
	return Config{MaxConns: 10_000, MaxConnsPerIP: 256, FramesPerSecond: 2_000, BytesPerSecond: 64 << 20}
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	if c.QoS > 1 {
		return fmt.Errorf("QoS %d: 0 or 1", c.QoS)
	}
	if c.MaxConns < 1 || c.MaxConnsPerIP < 1 || c.FramesPerSecond < 1 || c.BytesPerSecond < maxPacket {
		return fmt.Errorf("broker limits: connections and frames at least 1, bytes per second at least %d", maxPacket)
	}
	if c.TLS != nil && (c.TLS.Cert == "" || c.TLS.Key == "" || c.TLS.ClientCA == "") {
		return errors.New("broker TLS: needs a certificate, its key, and the authority of the agents' certificates")
	}
	return nil
}

const (
	// maxPacket bounds an MQTT packet: the largest frame, its topic, and what
	// MQTT adds.
	maxPacket = 64 << 10
	// greeting is the time from a connection to the end of its CONNECT packet.
	greeting = 5 * time.Second
	// writeTimeout bounds every single write to an agent.
	writeTimeout = 5 * time.Second
	// maxKeepAlive bounds the silence that an agent may ask for, in seconds.
	maxKeepAlive = 120
	// writesPending bounds the frames that wait for one agent's connection.
	writesPending = 64
	// inflight bounds the frames at QoS 1 that an agent has not confirmed.
	inflight = 64
)
