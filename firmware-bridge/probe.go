package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/probe"
)

func newProbe() *cobra.Command {
	var (
		options probe.Options
		lines   []string
		asJSON  bool
	)
	cmd := &cobra.Command{
		Use:   "probe [address...]",
		Short: "List serial ports and say what seems to be attached",
		Long: `List serial ports with their stable names, and listen at each of them for a while to say what seems to be attached.

Ports are opened one after another; one that another program uses is reported as busy and left alone.
Nothing is sent unless --ask is given: the bytes that ask one scale for its weight zero or tare another.`,
		Example: `  firmware-bridge probe
  firmware-bridge probe --listen 0                   only list
  firmware-bridge probe /dev/serial/by-id/usb-FTDI_A50285BI-if00-port0 --line "9600 7E1"
  firmware-bridge probe tcp://192.168.1.20:4001 --ask`,
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, l := range lines {
				line, err := port.ParseLine(l)
				if err != nil {
					return err
				}
				options.Lines = append(options.Lines, line)
			}
			results, err := probe.Ports(cmd.Context(), args, options)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(results)
			}
			return printResults(cmd.OutOrStdout(), results)
		},
	}
	cmd.Flags().DurationVar(&options.Listen, "listen", 2*time.Second, "how long to listen at each port and setting; 0 only lists")
	cmd.Flags().BoolVar(&options.Ask, "ask", false, "also ask silent devices for a weight; may zero or tare a scale of another kind")
	cmd.Flags().StringArrayVar(&lines, "line", nil, `line settings to try, such as "9600 7E1" (default: those of the known protocols)`)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printResults(w io.Writer, results []probe.Result) error {
	var b strings.Builder
	for _, r := range results {
		fmt.Fprintf(&b, "%s\n  configure as  %s\n  state         %s: %s\n", r.Node, r.Configure, r.State, r.Message)
		if u := r.USB; u != nil {
			fmt.Fprintf(&b, "  usb           %s:%s %s %s serial %q\n", u.Vendor, u.Product, u.Manufacturer, u.Name, u.Serial)
		}
		for _, p := range r.ByPath {
			fmt.Fprintf(&b, "  socket        %s\n", p)
		}
		switch {
		case len(r.Protocols) == 1:
			fmt.Fprintf(&b, "  seems to be   %s at %s\n", r.Protocols[0], r.Line)
		case len(r.Protocols) > 1:
			fmt.Fprintf(&b, "  may be        %s at %s\n", strings.Join(r.Protocols, " or "), r.Line)
		}
		if r.Heard > 0 {
			fmt.Fprintf(&b, "  heard         %d bytes: %s\n", r.Heard, r.Sample)
		}
	}
	if len(results) == 0 {
		b.WriteString("no serial ports: plug a device in, and check that this machine (or container) may see /dev\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
