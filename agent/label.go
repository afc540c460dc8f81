package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/cards"
	"github.com/forestock/forestock/agent/printer"
	"github.com/forestock/forestock/deploy/settings"
)

// oneLabel is a label and where it goes.
type oneLabel struct {
	label   cards.Label
	config  string // file
	size    string
	out     string // file
	printer printer.Config
}

// labelCommand draws one label, or prints it.
func labelCommand(stdout, stderr io.Writer) *cobra.Command {
	o := oneLabel{label: cards.Label{Kind: "lot"}, printer: printer.Config{Name: "printer"}}
	cmd := &cobra.Command{
		Use:   "label CODE",
		Short: "Draw one label of goods, or print it: also to try a printer",
		Long: `Draws the label of a code: GS1 elements with brackets, or the SKU of goods that have no
number. --out writes it as .pdf, .svg, .html, .zpl or .tspl; --to prints it on a printer, and
says how the printer is.`,
		Example: `  agent label '(01)06901230000669(17)261231(10)L1' --name 鲜牛奶 --out label.pdf
  agent label C1065 --name 豆腐 --to tcp://10.0.0.9:9100 --protocol tspl`,
		Args: cobra.ExactArgs(1),
	}
	o.bind(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0], stdout, stderr) }
	return cmd
}

func (o *oneLabel) bind(f *pflag.FlagSet) {
	f.StringVarP(&o.config, "config", "c", "", "YAML file of the agent: font")
	f.StringVar(&o.label.Name.Zh, "name", "", "what the goods are called")
	f.StringVar(&o.label.Name.En, "name-en", "", "the same in English")
	f.StringVar(&o.label.Produced, "produced", "", "day of production, 2006-01-02: gives the shelf life")
	f.Int64Var(&o.label.Copies, "copies", 1, "how many to print")
	f.StringVar(&o.size, "paper", agentd.DefaultLabel, "size of the label in mm: 60x40, or 60x40@300 with the printer's dots in an inch")
	f.StringVarP(&o.out, "out", "o", "", "file to write")
	f.StringVar(&o.printer.Address, "to", "", "printer: tcp://host:9100, or a path below /dev/serial/by-id")
	f.StringVar(&o.printer.Language, "protocol", "zpl", "its language: zpl or tspl")
	f.StringVar(&o.printer.Line, "line", "", "of a serial one: 115200 8N1 without it")
	f.BoolVar(&o.printer.OneWay, "one-way", false, "it answers nothing")
}

func (o *oneLabel) run(cmd *cobra.Command, code string, stdout, stderr io.Writer) error {
	cfg, err := printSettings(cmd, o.config)
	if err != nil {
		return err
	}
	media, err := agentd.ParseLabel(o.size)
	if err != nil {
		return err
	}
	press, err := cards.NewPress(cfg.Station.Font)
	if err != nil {
		return err
	}
	if o.label.Code, err = cards.ParseCode(code); err != nil {
		return err
	}
	page, err := press.Label(&o.label, media)
	if err != nil {
		return err
	}
	switch ext := strings.TrimPrefix(filepath.Ext(o.out), "."); {
	case o.printer.Address != "":
		return o.print(cmd.Context(), page.Dots(media.DPI), media.DPI, stdout, stderr)
	case ext == "zpl" || ext == "tspl":
		data, err := printer.Encode(ext, page.Dots(media.DPI), media.DPI, int(o.label.Copies))
		if err != nil {
			return err
		}
		return writeFile(stdout, o.out, data)
	case o.out != "":
		return writePages(stdout, o.out, page.Title, []*cards.Page{page})
	}
	return errors.New("say where the label goes: --out label.pdf, or --to tcp://printer:9100")
}

// patience is how long a printer may take, for somebody who stands before it.
const patience = time.Minute

// print prints a picture, and tells what the printer says meanwhile.
func (o *oneLabel) print(ctx context.Context, picture image.Image, dpi int, stdout, stderr io.Writer) error {
	p, err := printer.New(o.printer, nil, settings.Log{Level: "error", Format: "text"}.New(stderr))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.Run(ctx) })
	err = p.Print(printer.Job{Name: "label", Copies: int(o.label.Copies), Draw: func() (image.Image, int, error) { return picture, dpi, nil }})
	if err == nil {
		err = follow(ctx, p, stdout)
	}
	cancel()
	return errors.Join(err, g.Wait())
}

// follow tells how a printer is until its label is printed.
func follow(ctx context.Context, p *printer.Printer, stdout io.Writer) error {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for told := printer.Word(""); ; {
		s := p.State()
		if s.Printed > 0 {
			_, err := fmt.Fprintln(stdout, "printed")
			return err
		}
		if s.Word != told {
			fmt.Fprintln(stdout, s.Message)
			told = s.Word
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("the label is not printed: %s", p.State().Message)
		}
	}
}
