package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/firmware-bridge/dialogue"
	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/scale"
)

// recording is what is recorded and how.
type recording struct {
	line, protocol, unit, out string
	long                      time.Duration
}

func newRecord() *cobra.Command {
	var r recording
	cmd := &cobra.Command{
		Use:   "record <address>",
		Short: "Record what a device says into a dialogue file",
		Long: `Record what a device says into a dialogue file, until the time is over or the program is interrupted.

Without --protocol the device is only listened to. With one, a scale that answers when asked is asked as the agent does it.
Such a file, with the model of the scale in a comment, is the best thing to send with a report that a scale is not understood.`,
		Example: `  firmware-bridge record /dev/serial/by-id/usb-FTDI_A50285BI-if00-port0 --out scale.txt
  firmware-bridge record /dev/ttyUSB0 --line "9600 7E1" --protocol toledo-8217 --unit kg --for 10s`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if r.long > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, r.long)
				defer cancel()
			}
			if r.out == "" {
				return r.run(ctx, args[0], cmd.OutOrStdout())
			}
			f, err := os.Create(r.out)
			if err != nil {
				return err
			}
			if err := r.run(ctx, args[0], f); err != nil {
				f.Close()
				return err
			}
			return f.Close()
		},
	}
	cmd.Flags().StringVar(&r.line, "line", "", `line settings, such as "9600 8N1" (default: those of the protocol)`)
	cmd.Flags().StringVar(&r.protocol, "protocol", "", "ask as this scale protocol does")
	cmd.Flags().StringVar(&r.unit, "unit", "kg", "of a scale that sends none")
	cmd.Flags().StringVar(&r.out, "out", "", "file to write (default: standard output)")
	cmd.Flags().DurationVar(&r.long, "for", 0, "how long (default: until interrupted)")
	return cmd
}

// run records until the context ends.
func (r recording) run(ctx context.Context, address string, out io.Writer) error {
	cfg := port.DefaultConfig()
	cfg.Address = address
	var asks *scale.Dialogue
	if r.protocol != "" {
		p, err := scale.Find(r.protocol)
		if err != nil {
			return err
		}
		unit, _ := scale.ParseUnit(r.unit)
		if asks, err = scale.NewDialogue(p, scale.Profile{Unit: unit}, scale.Options{}); err != nil {
			return err
		}
		if r.line == "" {
			r.line = p.Line
		}
	}
	if r.line != "" {
		var err error
		if cfg.Line, err = port.ParseLine(r.line); err != nil {
			return err
		}
	}
	p, err := port.New(cfg)
	if err != nil {
		return err
	}
	start := time.Now()
	w, err := dialogue.NewWriter(out, fmt.Sprintf("%s at %s, %s", address, cfg.Line, start.Format(time.RFC3339)), start)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	err = r.follow(ctx, p, asks, w)
	cancel()
	for range p.Events() { // until Run has ended
	}
	if failed := <-ended; failed != nil {
		return failed
	}
	return err
}

// follow writes down everything that happens at a port, and asks if there is something to ask.
func (r recording) follow(ctx context.Context, p *port.Port, asks *scale.Dialogue, w *dialogue.Writer) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	opened := uint64(0)
	for {
		select {
		case e, ok := <-p.Events():
			if !ok {
				return nil
			}
			if err := note(w, e); err != nil {
				return err
			}
			if asks != nil {
				opened = inform(asks, e, opened)
			}
		case <-timer.C:
			if asks != nil {
				asks.Tick(time.Now())
			}
		case <-ctx.Done():
			return nil
		}
		if asks == nil {
			continue
		}
		for q, ok := asks.Next(); ok; q, ok = asks.Next() {
			if err := w.Write(time.Now(), dialogue.ToDevice, q.Bytes, ""); err != nil {
				return err
			}
			if err := p.Write(ctx, q.Bytes); err != nil {
				break // its state comes as an event
			}
		}
		if wake := asks.Wake(); !wake.IsZero() {
			timer.Reset(max(0, time.Until(wake)))
		}
	}
}

func note(w *dialogue.Writer, e port.Event) error {
	if e.Status != nil {
		return w.Write(e.At, dialogue.State, nil, string(e.Status.State))
	}
	return w.Write(e.At, dialogue.FromDevice, e.Bytes, "")
}

// inform tells a scale's dialogue what happened at its port, and returns which opening it is.
func inform(d *scale.Dialogue, e port.Event, opened uint64) uint64 {
	switch {
	case e.Status == nil:
		if e.Lost > 0 {
			d.Lost()
		}
		d.Feed(e.Bytes, e.At)
	case !e.Status.State.Open():
		d.Closed(e.At)
	case e.Status.Opened != opened:
		d.Opened(e.At)
		return e.Status.Opened
	}
	return opened
}
