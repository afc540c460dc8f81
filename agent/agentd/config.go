package agentd

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/agent/station"
	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/deploy/settings"
	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/mqtt"
	"github.com/forestock/forestock/proto/stock"
)

// Config is everything that an operator sets of an agent.
type Config struct {
	Warehouse string       `yaml:"warehouse"` // id of the warehouse
	Data      string       `yaml:"data"`      // folder of the ledger
	Hub       Hub          `yaml:"hub"`
	Station   Station      `yaml:"station"`
	Work      Work         `yaml:"work"`
	Ledger    Ledger       `yaml:"ledger"`
	Backup    Backup       `yaml:"backup"`
	TimeZone  string       `yaml:"time_zone"` // of the dates that staff read
	Devices   []Device     `yaml:"devices"`
	Log       settings.Log `yaml:"log"`

	// Attach are devices given as text, "name=scale-1,kind=scale,…"; Validate
	// adds them to Devices.
	Attach []string `yaml:"-"`
}

// Hub says where the hub is.
type Hub struct {
	Brokers  []string `yaml:"brokers"` // tcp://host:port or tls://host:port, tried in turn
	QoS      byte     `yaml:"qos"`     // of frames: 0 or 1; no promise hangs on it
	Username string   `yaml:"username"`
	Password string   `yaml:"password"`
	TLS      TLS      `yaml:"tls"`
}

// TLS names the PEM files of a connection; empty means the system's.
type TLS struct {
	CA   string `yaml:"ca"`
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// Station says where the scan stations' page is served.
type Station struct {
	Listen string `yaml:"listen"` // address
	Dev    string `yaml:"dev"`    // folder of the page's files, for work on the page; empty serves those built in
	// Hosts are the names by which pages are opened, beside the box's own and
	// every address.
	Hosts []string `yaml:"hosts"`
	// Pair says whose browser has to be paired before it may change anything:
	// lan, always or never.
	Pair string `yaml:"pair"`
	// Repeat is how soon after a code the same code counts as a double read, and
	// RepeatIn the same in some modes: receive, pick, putaway, count, waste, move.
	Repeat   time.Duration            `yaml:"repeat"`
	RepeatIn map[string]time.Duration `yaml:"repeat_in"`
	// Labels are the layouts of labels that are weighed or priced in the shop,
	// the first that fits is used.
	Labels []barcode.Pattern `yaml:"labels"`
	// Font is a file, TTF or OTF, that labels and cards are written in before the
	// built-in fonts.
	Font string `yaml:"font"`
}

// Ledger bounds the ledger's file.
type Ledger struct {
	MaxSize Size `yaml:"max_size"` // reserved on the disk at start
	// What the hub has stored is forgotten after Keep, or when more than
	// KeepSize of the file is in use; 0 is half of MaxSize.
	Keep     time.Duration `yaml:"keep"`
	KeepSize Size          `yaml:"keep_size"`
}

func (l *Ledger) keepSize() int64 {
	if l.KeepSize == 0 {
		return int64(l.MaxSize / 2)
	}
	return int64(l.KeepSize)
}

func (l *Ledger) validate() error {
	var all []error
	if l.MaxSize < 8<<20 {
		all = append(all, fmt.Errorf("ledger.max_size: %v is too small, take 8MiB or more", l.MaxSize))
	}
	if l.Keep < time.Hour {
		all = append(all, fmt.Errorf("ledger.keep: %v is too short, take 1h or more", l.Keep))
	}
	// Above that the file would be full before anything is forgotten.
	if most := l.MaxSize / 4 * 3; l.KeepSize > most {
		all = append(all, fmt.Errorf("ledger.keep_size: %v is too much for a file of %v, take %v or less", l.KeepSize, l.MaxSize, most))
	}
	return errors.Join(all...)
}

// Size is a number of bytes, written as 512MiB or 1GiB.
type Size int64

// Set reads a size. It is part of pflag.Value.
func (s *Size) Set(text string) error {
	n, err := humanize.ParseBytes(text)
	if err != nil || n > 1<<50 {
		return fmt.Errorf("size %q: write it as 512MiB or 1GiB", text)
	}
	*s = Size(n)
	return nil
}

// UnmarshalText reads a size from a file.
func (s *Size) UnmarshalText(text []byte) error { return s.Set(string(text)) }

// String writes the size as Set reads it.
func (s Size) String() string { return strings.ReplaceAll(humanize.IBytes(uint64(s)), " ", "") }

// Type is part of pflag.Value.
func (Size) Type() string { return "size" }

// DefaultConfig has no warehouse: every agent must be told whose it is.
func DefaultConfig() Config {
	return Config{
		Data: "agent-data", TimeZone: "Asia/Shanghai",
		Hub:     Hub{Brokers: []string{"tcp://127.0.0.1:1883"}},
		Station: Station{Listen: "127.0.0.1:8101", Hosts: []string{}, Pair: string(station.PairLAN), Repeat: floor.DefaultRules().Repeat, RepeatIn: map[string]time.Duration{}, Labels: floor.DefaultLabels().Patterns},
		Work:    Work{People: []Person{}, Zones: map[string]string{}, Peers: map[string]string{}},
		Ledger:  Ledger{MaxSize: 1 << 30, Keep: 30 * 24 * time.Hour},
		Backup:  Backup{Every: time.Hour, Keep: 24},
		Log:     settings.DefaultLog(),
	}
}

// Validate reports everything that is wrong at once, each by the name of its
// setting.
func (c *Config) Validate() error {
	var all []error
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if c.Warehouse == "" {
		bad("warehouse: name the warehouse, such as dark-01")
	} else if _, err := stock.ParseWarehouse(c.Warehouse); err != nil {
		bad("warehouse: %w", err)
	}
	if c.Data == "" {
		bad("data: name the folder of the ledger")
	}
	if _, _, err := net.SplitHostPort(c.Station.Listen); err != nil {
		bad("station.listen: %q is not host:port", c.Station.Listen)
	}
	switch station.Pairing(c.Station.Pair) {
	case station.PairLAN, station.PairAlways, station.PairNever:
	default:
		bad("station.pair: %q is none of lan, always, never", c.Station.Pair)
	}
	link := c.uplink("")
	if err := link.Validate(); err != nil && c.Warehouse != "" {
		bad("hub: %w", err)
	}
	if _, err := c.Work.peers(); err != nil {
		all = append(all, err)
	}
	all = append(all, c.Ledger.validate(), c.Backup.validate(), c.attach(), c.validateLabels(), validateDevices(c.Devices, c.rules()), c.Log.Validate())
	return errors.Join(all...)
}

// attach moves devices given as text to the others.
func (c *Config) attach() error {
	var all []error
	for _, text := range c.Attach {
		d, err := parseDevice(text)
		if err != nil {
			all = append(all, err)
			continue
		}
		c.Devices = append(c.Devices, d)
	}
	c.Attach = nil
	return errors.Join(all...)
}

// labels says what codes mean in this warehouse.
func (c *Config) labels() barcode.Config { return barcode.Config{Patterns: c.Station.Labels} }

func (c *Config) validateLabels() error {
	if _, err := barcode.NewRules(c.labels()); err != nil {
		return fmt.Errorf("station.labels: %w", err)
	}
	return nil
}

// rules gives the settings of the stations.
func (c *Config) rules() floor.Rules {
	r := floor.DefaultRules()
	r.Repeat, r.RepeatIn = c.Station.Repeat, make(map[floor.Mode]time.Duration)
	for mode, d := range c.Station.RepeatIn {
		r.RepeatIn[floor.Mode(mode)] = d
	}
	c.Work.apply(&r)
	return r
}

func (c *Config) uplink(version string) uplink.Config {
	return uplink.Config{
		Warehouse: stock.Warehouse(c.Warehouse), Brokers: c.Hub.Brokers, QoS: c.Hub.QoS,
		Username: c.Hub.Username, Password: c.Hub.Password,
		TLS: mqtt.TLSFiles{CA: c.Hub.TLS.CA, Cert: c.Hub.TLS.Cert, Key: c.Hub.TLS.Key}, Software: version,
	}
}

func (c *Config) ledger(log *slog.Logger) ledger.Options {
	return ledger.Options{Warehouse: stock.Warehouse(c.Warehouse), MaxSize: int64(c.Ledger.MaxSize), Log: log}
}

// Pairs gives the browsers that may work at the stations of an agent.
func Pairs(data string) *station.Pairs { return station.NewPairs(filepath.Join(data, "paired")) }

// LedgerPath gives the ledger's file in a data folder.
func LedgerPath(data string) string { return filepath.Join(data, "ledger.db") }

// MarshalText writes a size as Set reads it.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
