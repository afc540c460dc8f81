package agentd

import (
	"errors"
	"fmt"
	"image"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/agent/cards"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/agent/printer"
)

// printerKind is the kind of a device that prints labels.
const printerKind = "printer"

// DefaultLabel is the size of a label where a printer's settings name none.
const DefaultLabel = "60x40"

// printing is the labels of a shift: it draws them and hands them to printers.
type printing struct {
	press    *cards.Press
	printers []supplied
	log      *slog.Logger
}

// supplied is a printer with what is in it.
type supplied struct {
	*printer.Printer
	media cards.Media
}

// printerConfigs gives the printers among the devices, and what is in each.
func printerConfigs(all []Device) (configs []printer.Config, media []cards.Media, err error) {
	var errs []error
	for _, d := range all {
		if d.Kind != printerKind {
			continue
		}
		key, err := d.key()
		errs = append(errs, err)
		m, err := ParseLabel(d.Label)
		if err != nil {
			errs = append(errs, fmt.Errorf("device %s: %w", d.Name, err))
		}
		configs = append(configs, printer.Config{
			Name: d.Name, Station: d.Station, Address: d.Port, Key: key, Line: d.Line, Language: d.Protocol, OneWay: d.OneWay,
		})
		media = append(media, m)
	}
	return configs, media, errors.Join(append(errs, printer.Validate(configs))...)
}

// ParseLabel reads "60x40", or "60x40@300" for a printer of 300 dots in an inch.
func ParseLabel(text string) (cards.Media, error) {
	if text == "" {
		text = DefaultLabel
	}
	size, dots, named := strings.Cut(text, "@")
	dpi := cards.LabelDPI
	if named {
		n, err := strconv.Atoi(dots)
		if err != nil {
			return cards.Media{}, fmt.Errorf("label %q: write it as 60x40 or 60x40@300", text)
		}
		dpi = n
	}
	return cards.ParseMedia(size, dpi)
}

// validatePrinters checks the printers, and that somebody prints on each.
func validatePrinters(all []Device, stations []string) error {
	configs, _, err := printerConfigs(all)
	errs := []error{err}
	for _, c := range configs {
		if c.Station != "" && !slices.Contains(stations, c.Station) {
			errs = append(errs, fmt.Errorf("device %s: there is no station %q: take one of %s, or none for all of them", c.Name, c.Station, strings.Join(stations, ", ")))
		}
		same := func(d Device) bool { return d.Name == c.Name && d.Kind != printerKind }
		if slices.ContainsFunc(all, same) {
			errs = append(errs, fmt.Errorf("device %s: two devices have this name", c.Name))
		}
	}
	return errors.Join(errs...)
}

func newPrinting(cfg *Config, r prometheus.Registerer, log *slog.Logger) (*printing, error) {
	press, err := cards.NewPress(cfg.Station.Font)
	if err != nil {
		return nil, err
	}
	configs, media, err := printerConfigs(cfg.Devices)
	if err != nil {
		return nil, err
	}
	p := &printing{press: press, log: log}
	for i, c := range configs {
		one, err := printer.New(c, r, log)
		if err != nil {
			return nil, err
		}
		p.printers = append(p.printers, supplied{one, media[i]})
	}
	return p, nil
}

// of gives the printer of a station: its own, or else one that serves all.
func (p *printing) of(station string) (supplied, bool) {
	for _, name := range []string{station, ""} {
		for _, one := range p.printers {
			if one.Station == name {
				return one, true
			}
		}
	}
	return supplied{}, false
}

// print queues a label of a station. Where there is no printer, it is only shown.
func (p *printing) print(station string, l *floor.Label) {
	to, ok := p.of(station)
	if !ok {
		return
	}
	label := labelOf(l)
	err := to.Print(printer.Job{Name: l.Title.En, Copies: int(max(l.Copies, 1)), Draw: func() (image.Image, int, error) {
		page, err := p.press.Label(&label, to.media)
		if err != nil {
			return nil, 0, err
		}
		return page.Dots(to.media.DPI), to.media.DPI, nil
	}})
	if err != nil {
		p.log.Warn("a label is not printed", "station", station, "err", err)
	}
}

// labelOf puts a label of the floor into the words of the press.
func labelOf(l *floor.Label) cards.Label {
	out := cards.Label{
		Kind: l.Kind, Title: cards.Text(l.Title), Name: cards.Text(l.Name), Code: l.Code,
		Lot: string(l.Lot), Produced: l.Produced, Expiry: l.Expiry, Copies: l.Copies,
	}
	for _, line := range l.Lines {
		out.Lines = append(out.Lines, cards.Line{Name: cards.Text(line.Name), Lot: string(line.Lot), Quantity: cards.Text(line.Quantity)})
	}
	return out
}

func printerStatus(s printer.State) DeviceStatus {
	return DeviceStatus{
		Name: s.Name, Kind: printerKind, Station: s.Station, State: string(s.Word), Since: s.Since, Message: s.Message,
		Address: s.Address, Node: s.Node, Events: s.Printed, Broken: s.Refused, Waiting: s.Waiting,
	}
}
