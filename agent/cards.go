package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/cards"
	"github.com/forestock/forestock/deploy/settings"
)

// cardsCommand prints the cards that staff scan.
func cardsCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cards [SET]...",
		Short: "Draw cards to scan: commands, quantities, reasons, badges, bins, totes, crates",
		Long: `Draws cards for sheets of A4, or for a roll of labels with --paper 60x40. The file's
name says in which form: .pdf, .svg (one file per page) or .html to look at. Without
--out it lists the cards. The sets are commands, quantities, reasons, badges (of the
people in the configuration, or badges=17,18), bins=A-01-01..A-03-12 (in the colours
of the zones in the configuration), totes=1..40 and crates=1:350,2:1200 (kind:grams).`,
		Example: `  agent cards
  agent cards --out cards.pdf commands quantities reasons
  agent cards --config agent.yaml --out bins.pdf bins=A-01-01..B-04-20
  agent cards --paper 60x40 --out totes.pdf totes=1..40`,
	}
	var file, out, paper string
	cmd.Flags().StringVarP(&file, "config", "c", "", "YAML file of the agent: people, zones, font")
	cmd.Flags().StringVarP(&out, "out", "o", "", "file to write: .pdf, .svg or .html; without it the cards are listed")
	cmd.Flags().StringVar(&paper, "paper", onA4, "A4, or the size of a label in mm: 60x40, or 60x40@300 with its printer's dots in an inch")
	cmd.RunE = func(cmd *cobra.Command, sets []string) error {
		cfg, err := printSettings(cmd, file)
		if err != nil {
			return err
		}
		if len(sets) == 0 {
			sets = agentd.DefaultDeck
		}
		deck, err := agentd.Deck(cfg, sets)
		if err != nil {
			return err
		}
		if out == "" {
			table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
			for _, c := range deck {
				fmt.Fprintf(table, "%s\t%s\t%s\n", c.Code.Label(), c.Group.Line(), c.Title.Line())
			}
			return table.Flush()
		}
		pages, err := drawCards(cfg, deck, paper)
		if err != nil {
			return err
		}
		return writePages(stdout, out, "Forestock "+strings.Join(sets, " "), pages)
	}
	return cmd
}

// onA4 is the paper of office printers.
const onA4 = "A4"

func drawCards(cfg *agentd.Config, deck []cards.Card, paper string) ([]*cards.Page, error) {
	press, err := cards.NewPress(cfg.Station.Font)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(paper, onA4) {
		return press.Sheets(deck)
	}
	media, err := agentd.ParseLabel(paper)
	if err != nil {
		return nil, err
	}
	return press.Roll(deck, media)
}

// printSettings reads a configuration of which only a part matters here: that it
// lacks a warehouse, say, is no fault.
func printSettings(cmd *cobra.Command, file string) (*agentd.Config, error) {
	cfg := agentd.DefaultConfig()
	err := settings.Source{File: file, Flags: cmd.Flags()}.Load(&cfg)
	return &cfg, err
}

// writePages writes pages in the form that the name of the file says.
func writePages(stdout io.Writer, out, title string, pages []*cards.Page) error {
	var b bytes.Buffer
	switch ext := filepath.Ext(out); ext {
	case ".pdf":
		if err := cards.WritePDF(&b, title, pages); err != nil {
			return err
		}
	case ".html":
		cards.WriteHTML(&b, title, pages)
	case ".svg":
		for i, p := range pages {
			name := out
			if len(pages) > 1 {
				name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(out, ext), i+1, ext)
			}
			if err := writeFile(stdout, name, p.SVG()); err != nil {
				return err
			}
		}
		return nil
	default:
		return fmt.Errorf("%s: name the file .pdf, .svg or .html", out)
	}
	return writeFile(stdout, out, b.Bytes())
}

func writeFile(stdout io.Writer, name string, data []byte) error {
	if err := os.WriteFile(name, data, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	fmt.Fprintf(stdout, "%s: %d bytes\n", name, len(data))
	return nil
}
