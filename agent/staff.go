package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/agent/agentd"
)

// transferKeyCommand prints the public half of the key that signs what this
// warehouse sends to others.
func transferKeyCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "transfer-key",
		Short: "Print what other warehouses' configuration needs to receive goods from this one",
		Args:  cobra.NoArgs,
	}
	data := cmd.Flags().String("data", agentd.DefaultConfig().Data, "folder of the agent's data")
	cmd.RunE = func(*cobra.Command, []string) error {
		key, err := agentd.TransferKey(*data)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(stdout, agentd.PublicText(key))
		return err
	}
	return cmd
}

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
