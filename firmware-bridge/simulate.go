package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/firmware-bridge/sim"
)

func newSimulate() *cobra.Command {
	var (
		dir    string
		config sim.ScaleConfig
	)
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Simulate a scale and a scanner on real ptys, by hand",
		Long: `Simulate a scale and a scanner on real ptys, and do by hand what a person does with them.

Commands, one a line on the standard input:
  put 1250             only this on the pan, grams          add -200        put on or take off
  clear                take everything off                  zero, tare      press the key
  scan 6901234567892   pull the trigger; \x1d stands for GS, a leading ]E0 for an identifier
  unplug scale         pull the cable (or scanner)          plug scale      plug it in again, on another node
  bend scale split     faults: split, merge 3, noise 20, flip 20, cut 20, silent; bend scale well ends them
  say scale ST,\r\n    send these bytes as they are         show            what the scale displays
  quit`,
		Example: `  firmware-bridge simulate --protocol comma --dir /tmp/devices
  firmware-bridge probe /tmp/devices/scale`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				made, err := os.MkdirTemp("", "forestock-devices-")
				if err != nil {
					return err
				}
				defer os.RemoveAll(made) //nolint:errcheck // a temporary folder
				dir = made
			}
			return simulate(cmd.Context(), dir, config, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "folder for the names of the devices (default: a new temporary folder)")
	cmd.Flags().StringVar(&config.Protocol, "protocol", "enq-dc1", "how the scale speaks: "+strings.Join(sim.Protocols(), ", "))
	cmd.Flags().Int64Var(&config.Capacity, "capacity", 15_000, "of the scale, grams")
	cmd.Flags().Int64Var(&config.Division, "division", 1, "of the scale, grams")
	cmd.Flags().DurationVar(&config.Settle, "settle", 400*time.Millisecond, "how long the pan moves after a change")
	cmd.Flags().Uint64Var(&config.Seed, "seed", 1, "of everything random")
	return cmd
}

// bench is a simulated scale and scanner under the hands of a person.
type bench struct {
	scale   *sim.Scale
	scanner *sim.Scanner
	cables  map[string]*sim.Cable
}

func simulate(ctx context.Context, dir string, config sim.ScaleConfig, in io.Reader, out io.Writer) error {
	b := &bench{cables: map[string]*sim.Cable{}}
	for _, name := range []string{"scale", "scanner"} {
		cable, err := sim.NewCable(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		defer cable.Close() //nolint:errcheck // the program ends
		b.cables[name] = cable
	}
	var err error
	if b.scale, err = sim.NewScale(b.cables["scale"], config); err != nil {
		return err
	}
	b.scanner = sim.NewScanner(b.cables["scanner"], sim.ScannerConfig{Seed: config.Seed})
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	var failed error
	running.Go(func() { failed = b.scale.Run(ctx) })
	fmt.Fprintf(out, "scale    %s (%s)\nscanner  %s\n", b.cables["scale"].Name(), config.Protocol, b.cables["scanner"].Name())
	b.obey(ctx, in, out)
	cancel()
	running.Wait()
	return failed
}

// obey carries commands out until there are none, quit, or the context ends. At the end of the input the devices stay.
func (b *bench) obey(ctx context.Context, in io.Reader, out io.Writer) {
	lines := make(chan string)
	go func() { // ends with the program: a read of the standard input cannot be interrupted
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case line, ok := <-lines:
			if !ok {
				lines = nil
				continue
			}
			if strings.TrimSpace(line) == "quit" {
				return
			}
			if answer, err := b.do(line); err != nil {
				fmt.Fprintln(out, "cannot:", err)
			} else {
				fmt.Fprintln(out, answer)
			}
		}
	}
}

var errCommand = errors.New("unknown command: see firmware-bridge simulate --help")

func (b *bench) do(line string) (string, error) {
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch word {
	case "put", "add":
		grams, err := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
		if err != nil {
			return "", fmt.Errorf("%s %q: want grams", word, rest)
		}
		if word == "put" {
			b.scale.Put(grams)
		} else {
			b.scale.Add(grams)
		}
	case "clear":
		b.scale.Clear()
	case "zero":
		return done(b.scale.Zero())
	case "tare":
		return done(b.scale.Tare())
	case "show":
		return fmt.Sprintf("%+v", b.scale.Show()), nil
	case "scan":
		return "ok", b.scanner.Scan(unescape(rest))
	case "unplug", "plug", "say", "bend":
		return b.device(word, rest)
	case "":
		return "", nil
	default:
		return "", fmt.Errorf("%q: %w", line, errCommand)
	}
	return "ok", nil
}

func done(ok bool) (string, error) {
	if !ok {
		return "", errors.New("the pan moves, or is too far from zero")
	}
	return "ok", nil
}

func (b *bench) device(word, rest string) (string, error) {
	name, rest, _ := strings.Cut(rest, " ")
	cable, ok := b.cables[name]
	if !ok {
		return "", fmt.Errorf("%s %q: want scale or scanner", word, name)
	}
	switch word {
	case "unplug":
		return "ok", cable.Unplug()
	case "plug":
		return "ok", cable.Plug()
	case "say":
		_, err := cable.Write([]byte(unescape(rest)))
		return "ok", err
	}
	faults, err := parseFaults(rest)
	if err != nil {
		return "", err
	}
	if name == "scale" {
		b.scale.Bend(faults)
	} else {
		b.scanner.Bend(faults)
	}
	return "ok", nil
}

func parseFaults(s string) (sim.Faults, error) {
	word, number, _ := strings.Cut(strings.TrimSpace(s), " ")
	n := 0
	if number != "" {
		var err error
		if n, err = strconv.Atoi(number); err != nil {
			return sim.Faults{}, fmt.Errorf("fault %q: want a number", s)
		}
	}
	switch word {
	case "well":
		return sim.Faults{}, nil
	case "split":
		return sim.Faults{Split: true}, nil
	case "silent":
		return sim.Faults{Silent: true}, nil
	case "merge":
		return sim.Faults{Merge: n}, nil
	case "noise":
		return sim.Faults{Noise: n}, nil
	case "flip":
		return sim.Faults{Flip: n}, nil
	case "cut":
		return sim.Faults{Cut: n}, nil
	}
	return sim.Faults{}, fmt.Errorf("fault %q: want well, split, silent, merge N, noise N, flip N or cut N", s)
}

// unescape reads \r, \n and \x1d; text that is no such string is taken as it is.
func unescape(s string) string {
	if plain, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`); err == nil {
		return plain
	}
	return s
}
