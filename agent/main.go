// Command agent keeps the stock of one front warehouse: it reads scales and
// scanners, saves every movement in the warehouse's ledger, serves the scan
// stations, and sends what happened to the hub.
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

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/deploy/settings"
)

var program = settings.Program{Prefix: "FORESTOCK_AGENT", Sample: "deploy/config/agent.yaml"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	root := &cobra.Command{
		Use:   "agent",
		Short: "The agent of one front warehouse",
		Long: `The agent keeps the stock of one front warehouse. It reads scales and scanners
over serial ports, saves every movement before anybody sees green, serves the
scan stations on the LAN, and sends what happened to the hub. Without the
network it goes on for days and catches up by itself.`,
		Example: `  agent run --config agent.yaml
  agent run --warehouse dark-01 --hub-brokers tcp://hub:1883
  agent config check --config agent.yaml
  agent ledger verify --data /var/lib/forestock/agent`,
		Version:      settings.VersionText(),
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(runCommand(stderr), configCommand(stdout), ledgerCommand(stdout, stderr), pinCommand(stdout), transferKeyCommand(stdout), pairCommand(stdout))
	root.AddCommand(cardsCommand(stdout), labelCommand(stdout, stderr))
	return root.ExecuteContext(ctx)
}

func runCommand(stderr io.Writer) *cobra.Command {
	cfg := agentd.DefaultConfig()
	cmd := &cobra.Command{Use: "run", Short: "Run the agent until it is told to stop", Args: cobra.NoArgs}
	load := program.Configure(cmd, &cfg, func(f *pflag.FlagSet) { bind(f, &cfg) })
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := load(); err != nil {
			return err
		}
		a, err := agentd.New(cfg, settings.Version, cfg.Log.New(stderr))
		if err != nil {
			return err
		}
		return a.Run(cmd.Context())
	}
	return cmd
}

func configCommand(stdout io.Writer) *cobra.Command {
	cfg := agentd.DefaultConfig()
	return program.CheckCommand(stdout, &cfg, func(f *pflag.FlagSet) { bind(f, &cfg) })
}

func bind(f *pflag.FlagSet, cfg *agentd.Config) {
	f.StringVar(&cfg.Warehouse, "warehouse", cfg.Warehouse, "id of the warehouse: 1 to 32 of a-z, 0-9 and -")
	f.StringVar(&cfg.Data, "data", cfg.Data, "folder of the agent's data")
	f.StringSliceVar(&cfg.Hub.Brokers, "hub-brokers", cfg.Hub.Brokers, "MQTT addresses of the hub, tried in turn")
	f.Uint8Var(&cfg.Hub.QoS, "hub-qos", cfg.Hub.QoS, "QoS of data frames, 0 or 1")
	f.StringVar(&cfg.Hub.TLS.CA, "hub-tls-ca", cfg.Hub.TLS.CA, "PEM of the authority that signs the hub's certificate")
	f.StringVar(&cfg.Hub.TLS.Cert, "hub-tls-cert", cfg.Hub.TLS.Cert, "PEM of this agent's certificate")
	f.StringVar(&cfg.Hub.TLS.Key, "hub-tls-key", cfg.Hub.TLS.Key, "PEM of its key")
	f.StringVar(&cfg.Station.Listen, "station-listen", cfg.Station.Listen, "address of the scan stations' page")
	f.StringVar(&cfg.Station.Dev, "dev", cfg.Station.Dev, "serve the page's files from this folder, for work on the page")
	f.Var(&cfg.Ledger.MaxSize, "ledger-max-size", "how large the ledger's file may get, such as 1GiB")
	f.DurationVar(&cfg.Ledger.Keep, "ledger-keep", cfg.Ledger.Keep, "how long entries that the hub has stored are kept")
	f.Var(&cfg.Ledger.KeepSize, "ledger-keep-size", "bytes in use above which they go sooner; 0B is half of the largest size")
	f.StringVar(&cfg.Backup.Dir, "backup-dir", cfg.Backup.Dir, "folder of snapshots of the ledger, on another disk; none are taken without it")
	f.DurationVar(&cfg.Backup.Every, "backup-every", cfg.Backup.Every, "how far apart snapshots are taken")
	f.IntVar(&cfg.Backup.Keep, "backup-keep", cfg.Backup.Keep, "how many of the newest snapshots are kept")
	f.StringArrayVar(&cfg.Attach, "device", cfg.Attach, "a device, as name=scale-1,kind=scale,port=/dev/serial/by-id/…,protocol=enq-dc1 (repeat for more)")
	f.StringVar(&cfg.Log.Level, "log-level", cfg.Log.Level, "debug, info, warn or error")
	f.StringVar(&cfg.Log.Format, "log-format", cfg.Log.Format, "auto, text or json")
}
