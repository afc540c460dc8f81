package settings

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Configuration is what a program can be told; it says itself what is wrong.
type Configuration interface{ Validate() error }

// Program is how a program is configured: under which names, and by which
// flags.
type Program struct {
	Prefix string // of the environment variables: FORESTOCK_HUB
	Sample string // the annotated file, for help texts
}

// Configure gives cmd the flag --config and those that bind adds for the fields
// of cfg, and gives a function that fills and checks cfg from file, environment
// and flags once they are parsed.
func (p Program) Configure(cmd *cobra.Command, cfg Configuration, bind func(*pflag.FlagSet)) (load func() error) {
	var file string
	f := cmd.Flags()
	f.StringVarP(&file, "config", "c", "", "YAML file; see "+p.Sample)
	bind(f)
	return func() error {
		source := Source{File: file, Prefix: p.Prefix, Env: os.Environ(), Flags: f}
		if err := source.Load(cfg); err != nil {
			return err
		}
		return cfg.Validate()
	}
}

// CheckCommand gives `config check`, which says whether the configuration is
// right.
func (p Program) CheckCommand(stdout io.Writer, cfg Configuration, bind func(*pflag.FlagSet)) *cobra.Command {
	check := &cobra.Command{Use: "check", Short: "Say whether the configuration is right, and what is wrong", Args: cobra.NoArgs}
	load := p.Configure(check, cfg, bind)
	check.RunE = func(*cobra.Command, []string) error {
		if err := load(); err != nil {
			return err
		}
		_, err := fmt.Fprintln(stdout, "the configuration is right")
		return err
	}
	cmd := &cobra.Command{Use: "config", Short: "Look at the configuration"}
	cmd.AddCommand(check)
	return cmd
}
