// Command hub aggregates the stock of all warehouses and answers the platform:
// availability over gRPC and REST, with a console for its operators.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/forestock/forestock/deploy/settings"
	"github.com/forestock/forestock/hub/hubd"
)

var program = settings.Program{Prefix: "FORESTOCK_HUB", Sample: "deploy/config/hub.yaml"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "hub:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	root := &cobra.Command{
		Use:   "hub",
		Short: "The hub of Forestock: every warehouse's stock, for the platform",
		Long: `The hub takes in what the warehouses' agents send over MQTT and answers the
platform over gRPC and REST: how much of what is sellable where, how fresh the
number is, and which scans and weights it is made of.`,
		Example: `  hub run                              everything on loopback, data in ./hub-data
  hub run --config hub.yaml
  hub config check --config hub.yaml
  hub catalogue import items.csv
  hub backup                           a copy of the running hub's store
  hub restore hub-backup/NAME --data hub-data-2`,
		Version:      settings.VersionText(),
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(runCommand(stderr), configCommand(stdout), catalogueCommand(stdout), backupCommand(stdout), restoreCommand(stdout), quarantineCommand(stdout), divergenceCommand(stdout), boxCommand(stdout), rebuildCommand(stdout), webhookCommand(stdout),
		reservationCommand(stdout), policyCommand(stdout), reconcileCommand(stdout))
	return root.ExecuteContext(ctx)
}

func runCommand(stderr io.Writer) *cobra.Command {
	cfg := hubd.DefaultConfig()
	cmd := &cobra.Command{Use: "run", Short: "Run the hub until it is told to stop", Args: cobra.NoArgs}
	load := program.Configure(cmd, &cfg, func(f *pflag.FlagSet) { bind(f, &cfg) })
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := load(); err != nil {
			return err
		}
		h, err := hubd.New(cfg, settings.Version, cfg.Log.New(stderr))
		if err != nil {
			return err
		}
		return h.Run(cmd.Context())
	}
	return cmd
}

func configCommand(stdout io.Writer) *cobra.Command {
	cfg := hubd.DefaultConfig()
	return program.CheckCommand(stdout, &cfg, func(f *pflag.FlagSet) { bind(f, &cfg) })
}

func bind(f *pflag.FlagSet, cfg *hubd.Config) {
	f.StringVar(&cfg.Data, "data", cfg.Data, "folder of the store")
	f.StringVar(&cfg.BackupDir, "backup-dir", cfg.BackupDir, "folder below which backups are made; empty refuses them")
	f.StringVar(&cfg.HTTP, "http", cfg.HTTP, "address of REST, console and metrics")
	f.StringVar(&cfg.GRPC, "grpc", cfg.GRPC, "address of gRPC")
	f.StringVar(&cfg.MQTT.Listen, "mqtt-listen", cfg.MQTT.Listen, "address of the broker inside the hub")
	f.StringVar(&cfg.MQTT.Broker, "mqtt-broker", cfg.MQTT.Broker, "URL of another broker to use instead, tcp://host:1883")
	f.Uint8Var(&cfg.MQTT.QoS, "mqtt-qos", cfg.MQTT.QoS, "QoS of data frames, 0 or 1")
	f.StringVar(&cfg.MQTT.TLS.CA, "mqtt-tls-ca", cfg.MQTT.TLS.CA, "PEM of the authority that signs the other side's certificate")
	f.StringVar(&cfg.MQTT.TLS.Cert, "mqtt-tls-cert", cfg.MQTT.TLS.Cert, "PEM of the hub's certificate for MQTT")
	f.StringVar(&cfg.MQTT.TLS.Key, "mqtt-tls-key", cfg.MQTT.TLS.Key, "PEM of its key")
	f.StringVar(&cfg.Catalogue, "catalogue", cfg.Catalogue, "CSV to write into the catalogue at start")
	f.StringVar(&cfg.TimeZone, "time-zone", cfg.TimeZone, "whose midnight makes a lot expire")
	f.BoolVar(&cfg.AutoEnrol, "auto-enrol", cfg.AutoEnrol, "let in a warehouse that says hello for the first time")
	f.BoolVar(&cfg.Open, "open", cfg.Open, "serve the API beyond this machine without tokens")
	f.DurationVar(&cfg.Freshness.Live, "freshness-live", cfg.Freshness.Live, "for how long after it was heard from a warehouse is LIVE")
	f.DurationVar(&cfg.Freshness.Degraded, "freshness-degraded", cfg.Freshness.Degraded, "and then DEGRADED")
	f.Uint64Var(&cfg.Link.StateFirst, "link-state-first", cfg.Link.StateFirst, "how many unsent entries make the hub ask an agent for its levels, to serve them while the entries follow")
	f.DurationVar(&cfg.Link.TakeoverAfter, "link-takeover-after", cfg.Link.TakeoverAfter, "for how long a box has to be silent before another one may take its warehouse over")
	f.BoolVar(&cfg.Webhooks.AllowPrivate, "webhooks-allow-private", cfg.Webhooks.AllowPrivate, "post events to this machine and to private networks too")
	f.BoolVar(&cfg.Webhooks.AllowPlain, "webhooks-allow-plain", cfg.Webhooks.AllowPlain, "post events without TLS too")
	f.DurationVar(&cfg.Webhooks.Timeout, "webhooks-timeout", cfg.Webhooks.Timeout, "how long an endpoint may take to answer")
	f.DurationVar(&cfg.Webhooks.GiveUp, "webhooks-give-up", cfg.Webhooks.GiveUp, "how old an event gets before it is a dead letter")
	f.StringVar(&cfg.Log.Level, "log-level", cfg.Log.Level, "debug, info, warn or error")
	f.StringVar(&cfg.Log.Format, "log-format", cfg.Log.Format, "auto, text or json")
}
