package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/firmware-bridge/lend"
	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/serve"
)

func newServe() *cobra.Command {
	var (
		listen, keyFile string
		newKey          bool
		devices         []string
	)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Lend this box's devices to the agent over the LAN",
		Long: `Lend this box's devices to the agent over the LAN: for a scan station with a small box of its own.

Both sides need the same key, in a file that only its owner can read. The agent borrows a device by the address
lend://<this box>:7070/<name>; line settings and parity are set here. One borrower has a device at a time.`,
		Example: `  firmware-bridge serve --new-key > lend.key        once; copy it to the agent
  firmware-bridge serve --key lend.key \
      --device "scale-1=/dev/serial/by-id/usb-FTDI_A50285BI-if00-port0,9600 8N1" \
      --device scanner-1=/dev/serial/by-id/usb-Symbol_1-if00`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if newKey {
				key, err := lend.NewKey()
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), key)
				return nil
			}
			key, err := readKey(keyFile)
			if err != nil {
				return err
			}
			log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			return serveDevices(cmd.Context(), listen, key, devices, log)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", ":7070", "address to listen on")
	cmd.Flags().StringVar(&keyFile, "key", "", "file with the shared key")
	cmd.Flags().BoolVar(&newKey, "new-key", false, "print a new key and end")
	cmd.Flags().StringArrayVar(&devices, "device", nil, `device to lend: name=address or "name=address,line settings"`)
	return cmd
}

// readKey reads a key from a file that others cannot read.
func readKey(name string) (lend.Key, error) {
	if name == "" {
		return lend.Key{}, errors.New("no key: make one with --new-key, and name its file with --key")
	}
	info, err := os.Stat(name)
	if err != nil {
		return lend.Key{}, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return lend.Key{}, fmt.Errorf("%s can be read by others: chmod 600 %s", name, name)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return lend.Key{}, err
	}
	key, err := lend.ParseKey(string(b))
	if err != nil {
		return lend.Key{}, fmt.Errorf("%s: %w", name, err)
	}
	return key, nil
}

// parseDevice reads name=address or name=address,line settings.
func parseDevice(s string) (serve.Device, error) {
	name, rest, ok := strings.Cut(s, "=")
	if !ok {
		return serve.Device{}, fmt.Errorf("device %q: want name=address", s)
	}
	d := serve.Device{Name: name, Port: port.DefaultConfig()}
	address, line, settings := strings.Cut(rest, ",")
	d.Port.Address = address
	if !settings {
		return d, nil
	}
	var err error
	if d.Port.Line, err = port.ParseLine(line); err != nil {
		return serve.Device{}, fmt.Errorf("device %s: %w", name, err)
	}
	return d, nil
}

func serveDevices(ctx context.Context, listen string, key lend.Key, devices []string, log *slog.Logger) error {
	if len(devices) == 0 {
		return errors.New("no device: name one with --device; `firmware-bridge probe` lists them")
	}
	var all []serve.Device
	for _, s := range devices {
		d, err := parseDevice(s)
		if err != nil {
			return err
		}
		all = append(all, d)
	}
	lender, err := serve.New(key, all, log)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	log.InfoContext(ctx, "lending", "listen", listener.Addr().String(), "devices", len(all))
	return lender.Run(ctx, listener)
}
