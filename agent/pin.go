package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/agent/agentd"
)

// pinCommand reads a PIN, so that it stands in no history of a shell, and
// prints what the configuration keeps of it.
func pinCommand(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:     "pin",
		Short:   "Print what the configuration keeps of a PIN, read from standard input",
		Example: `  echo 4711 | agent pin`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
			if err != nil && line == "" {
				return fmt.Errorf("read the PIN from standard input: %w", err)
			}
			hash, err := agentd.HashPIN(strings.TrimSpace(line))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(stdout, hash)
			return err
		},
	}
}
