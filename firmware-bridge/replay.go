package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/firmware-bridge/dialogue"
	"github.com/forestock/forestock/firmware-bridge/scale"
	"github.com/forestock/forestock/firmware-bridge/sim"
)

func newReplay() *cobra.Command {
	var (
		name, protocol, unit string
		speed                float64
	)
	cmd := &cobra.Command{
		Use:   "replay <file>",
		Short: "Play a recorded device again on a pty, or say what it means",
		Long: `Play the device's part of a dialogue file on a pty, as if the device were attached: what the host said is waited for, what
the device said is sent. With --decode nothing is played; what the device said is decoded and printed.`,
		Example: `  firmware-bridge replay scale.txt --name /tmp/devices/scale
  firmware-bridge replay scale.txt --decode comma`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			lines, err := dialogue.Read(f)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if protocol != "" {
				return explain(cmd, lines, protocol, unit)
			}
			return play(cmd, lines, name, speed)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "stable name of the device (default: in a new temporary folder)")
	cmd.Flags().Float64Var(&speed, "speed", 1, "pace; 0 is as fast as can be")
	cmd.Flags().StringVar(&protocol, "decode", "", "print what the device said, read as this scale protocol")
	cmd.Flags().StringVar(&unit, "unit", "kg", "of a scale that sends none")
	return cmd
}

func play(cmd *cobra.Command, lines []dialogue.Line, name string, speed float64) error {
	if name == "" {
		dir, err := os.MkdirTemp("", "forestock-replay-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		name = filepath.Join(dir, "device")
	}
	cable, err := sim.NewCable(name)
	if err != nil {
		return err
	}
	defer cable.Close() //nolint:errcheck // the program ends
	fmt.Fprintln(cmd.OutOrStdout(), "device", name)
	if err := dialogue.Play(cmd.Context(), lines, cable, speed); err != nil {
		return err
	}
	fmt.Fprintln(cmd.OutOrStdout(), "played to the end; the device stays, silent, until this program is interrupted")
	<-cmd.Context().Done() // pulling it now could take the last bytes away before they are read
	return nil
}

// explain decodes what the device said.
func explain(cmd *cobra.Command, lines []dialogue.Line, protocol, unit string) error {
	p, err := scale.Find(protocol)
	if err != nil {
		return err
	}
	u, _ := scale.ParseUnit(unit)
	d := p.NewDecoder(scale.Profile{Unit: u})
	start := time.Unix(0, 0)
	for _, l := range lines {
		switch l.Kind {
		case dialogue.State:
			d.Reset()
			fmt.Fprintf(cmd.OutOrStdout(), "%.3f %s\n", l.At.Seconds(), l.Text)
		case dialogue.FromDevice:
			for _, e := range d.Feed(l.Bytes, start.Add(l.At)) {
				fmt.Fprintf(cmd.OutOrStdout(), "%.3f %s\n", l.At.Seconds(), spell(e))
			}
		case dialogue.ToDevice:
		}
	}
	return nil
}

// spell writes an event for people.
func spell(e scale.Event) string {
	switch e := e.(type) {
	case scale.Reading:
		if e.Fault != scale.NoFault {
			return string(e.Fault) + ": " + e.Fault.Message()
		}
		return fmt.Sprintf("%s %s %s %s %s", e.Kind, e.Value, e.Unit, e.Stability, e.Mode)
	case scale.Reply:
		return fmt.Sprintf("%s %s %s", e.Kind, e.Command, e.Code)
	case scale.Broken:
		return fmt.Sprintf("broken (%s): %q", e.Reason, e.Raw)
	}
	return fmt.Sprintf("%+v", e)
}
