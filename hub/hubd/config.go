package hubd

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/forestock/forestock/deploy/settings"
	"github.com/forestock/forestock/hub/ingest"
	"github.com/forestock/forestock/hub/webhook"
)

// Config is everything that an operator sets of a hub.
type Config struct {
	Data      string       `yaml:"data"`       // folder of the store
	BackupDir string       `yaml:"backup_dir"` // folder of the backups; empty refuses them
	HTTP      string       `yaml:"http"`       // address of REST, console and metrics
	GRPC      string       `yaml:"grpc"`       // address of gRPC
	MQTT      MQTT         `yaml:"mqtt"`       // how frames come in
	Catalogue string       `yaml:"catalogue"`  // CSV that is written into the catalogue at start; empty is none
	TimeZone  string       `yaml:"time_zone"`  // whose midnight makes a lot expire
	AutoEnrol bool         `yaml:"auto_enrol"`
	Freshness Freshness    `yaml:"freshness"`
	Link      Link         `yaml:"link"`
	Webhooks  Webhooks     `yaml:"webhooks"`
	Tokens    []Token      `yaml:"tokens"` // none: everybody who reaches the ports may do everything
	Open      bool         `yaml:"open"`   // serve the API beyond this machine without tokens
	Log       settings.Log `yaml:"log"`
}

// MQTT says how frames come in: through the broker in this process, or through
// another one that this hub is a client of.
type MQTT struct {
	Listen string `yaml:"listen"` // address of the broker in this process
	Broker string `yaml:"broker"` // URL of another broker, tcp:// or tls://; empty means the one in this process
	QoS    byte   `yaml:"qos"`    // of frames: 0 or 1; no promise hangs on it
	TLS    TLS    `yaml:"tls"`
}

// TLS names the PEM files of a connection; empty means no TLS.
type TLS struct {
	CA   string `yaml:"ca"`
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// Freshness says for how long after it was heard from a warehouse is LIVE, and
// then DEGRADED; after that it is FROZEN.
type Freshness struct {
	Live     time.Duration `yaml:"live"`
	Degraded time.Duration `yaml:"degraded"`
}

// Link says when the hub asks an agent for more than its entries.
type Link struct {
	// StateFirst is how many entries an agent may lack to have sent before it is
	// asked for its levels, which are served while the entries follow.
	StateFirst uint64 `yaml:"state_first"`
	// TakeoverAfter is for how long a box has to be silent before another one may
	// take its warehouse over.
	TakeoverAfter time.Duration `yaml:"takeover_after"`
}

// Webhooks says whom events may be posted to, and for how long that is tried.
type Webhooks struct {
	AllowPrivate bool          `yaml:"allow_private"` // also to this machine and private networks
	AllowPlain   bool          `yaml:"allow_plain"`   // also without TLS
	Timeout      time.Duration `yaml:"timeout"`       // for one answer
	GiveUp       time.Duration `yaml:"give_up"`       // age at which an event becomes a dead letter
}

// Token lets a caller of the API in.
type Token struct {
	Name  string `yaml:"name"`  // the caller, in logs and limits
	Token string `yaml:"token"` // what it sends as "Authorization: Bearer …"
	Role  string `yaml:"role"`  // read or write
}

// DefaultConfig listens on loopback only.
func DefaultConfig() Config {
	return Config{
		Data: "hub-data", BackupDir: "hub-backup", HTTP: "127.0.0.1:8080", GRPC: "127.0.0.1:9090",
		MQTT: MQTT{Listen: "127.0.0.1:1883"}, TimeZone: "Asia/Shanghai", AutoEnrol: true,
		Freshness: Freshness{Live: 15 * time.Second, Degraded: 5 * time.Minute},
		Link:      Link{StateFirst: ingest.DefaultConfig().StateFirst, TakeoverAfter: ingest.DefaultConfig().TakeoverAfter},
		Webhooks:  Webhooks{Timeout: webhook.DefaultConfig().Timeout, GiveUp: webhook.DefaultConfig().GiveUp},
		Log:       settings.DefaultLog(),
	}
}

// Validate reports everything that is wrong at once, each by the name of its
// setting.
func (c *Config) Validate() error {
	var all []error
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if c.Data == "" {
		bad("data: name the folder of the store")
	}
	if c.BackupDir != "" && within(c.Data, c.BackupDir) {
		bad("backup_dir: %q must not be in the folder of the store", c.BackupDir)
	}
	for _, a := range []struct{ name, addr string }{{"http", c.HTTP}, {"grpc", c.GRPC}, {"mqtt.listen", c.MQTT.Listen}} {
		if a.name == "mqtt.listen" && c.MQTT.Broker != "" {
			continue
		}
		if _, _, err := net.SplitHostPort(a.addr); err != nil {
			bad("%s: %q is not host:port", a.name, a.addr)
		}
	}
	if u, err := url.Parse(c.MQTT.Broker); err != nil || (c.MQTT.Broker != "" && u.Host == "") {
		bad("mqtt.broker: %q is not a URL such as tcp://broker:1883", c.MQTT.Broker)
	}
	if c.MQTT.QoS > 1 {
		bad("mqtt.qos: %d: 0 or 1", c.MQTT.QoS)
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		bad("time_zone: %w", err)
	}
	if c.Freshness.Live <= 0 || c.Freshness.Degraded <= c.Freshness.Live {
		bad("freshness: live %v must be positive and shorter than degraded %v", c.Freshness.Live, c.Freshness.Degraded)
	}
	if l := c.ingest(); l.Validate() != nil {
		bad("link: %w", l.Validate())
	}
	if w := c.webhooks(); w.Validate() != nil {
		bad("webhooks: timeout and give_up must be positive")
	}
	for i, t := range c.Tokens {
		if t.Name == "" || len(t.Token) < 16 || (t.Role != "read" && t.Role != "write") {
			bad("tokens[%d]: needs a name, a token of 16 characters or more, and the role read or write", i)
		}
	}
	if err := c.Log.Validate(); err != nil {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// ingest gives what the link is set to.
func (c *Config) ingest() ingest.Config {
	out := ingest.DefaultConfig()
	out.StateFirst, out.TakeoverAfter = c.Link.StateFirst, c.Link.TakeoverAfter
	return out
}

// webhooks gives how events are delivered.
func (c *Config) webhooks() webhook.Config {
	out := webhook.DefaultConfig()
	out.AllowPrivate, out.AllowPlain = c.Webhooks.AllowPrivate, c.Webhooks.AllowPlain
	out.Timeout, out.GiveUp = c.Webhooks.Timeout, c.Webhooks.GiveUp
	return out
}
