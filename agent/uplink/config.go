package uplink

import (
	"context"
	"fmt"
	"net"

	"github.com/forestock/forestock/proto/mqtt"
	"github.com/forestock/forestock/proto/stock"
)

// Config says where the hub is and who this agent is.
type Config struct {
	// Warehouse is whose entries are sent. It is also the MQTT client id.
	Warehouse stock.Warehouse
	// Brokers are tried in turn: tcp://host:port or tls://host:port.
	Brokers []string
	// QoS of the frames, 0 or 1. Nothing depends on it: the hub's own
	// acknowledgement is the only one that counts.
	QoS byte
	// Username and Password are for brokers that want them.
	Username, Password string
	// TLS is used for tls:// brokers.
	TLS mqtt.TLSFiles
	// Software is the version of the agent's program, for people.
	Software string
	// Box is who this process is to the hub, when it had a Link before.
	Box *Box
	// KeepLedger keeps the ledger when the hub asks for a new one, and shows the
	// fence instead.
	KeepLedger bool
	// Dial opens a connection to a broker's host:port. Nil dials TCP.
	Dial func(ctx context.Context, hostport string) (net.Conn, error)
	// Random gives numbers in [0, 1) that spread what agents repeat. Nil is
	// math/rand; a simulation gives its own, so that it can be repeated.
	Random func() float64
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	if _, err := stock.ParseWarehouse(string(c.Warehouse)); err != nil {
		return err
	}
	if err := mqtt.CheckBrokers(c.Brokers); err != nil {
		return err
	}
	if c.QoS > 1 {
		return fmt.Errorf("QoS %d: 0 or 1", c.QoS)
	}
	return stock.CheckText(c.Software)
}
