package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/agent/agentd"
)

// pairCommand lets a browser on the LAN work at the stations.
func pairCommand(stdout io.Writer) *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "pair",
		Short: "Show a code that lets the next browser on the LAN work at the stations",
		Long: `Shows a code of six digits. Open the stations' page on the tablet, press Pair and
enter it within ten minutes. It is good for one browser. Without it browsers on
the LAN may look, but not change anything. The agent may be running or not.`,
		Example: `  agent pair --data /var/lib/forestock/agent
  agent pair list
  agent pair forget tablet-1`,
		Args: cobra.NoArgs,
	}
	cmd.PersistentFlags().StringVar(&data, "data", agentd.DefaultConfig().Data, "folder of the agent's data")
	cmd.RunE = func(*cobra.Command, []string) error {
		digits, until, err := agentd.Pairs(data).Invite()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(stdout, "%s %s\ngood for one browser until %s\n", digits[:3], digits[3:], until.Format("15:04"))
		return err
	}
	cmd.AddCommand(&cobra.Command{
		Use: "list", Short: "List the browsers that are paired", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all, err := agentd.Pairs(data).List()
			if err != nil {
				return err
			}
			for _, p := range all {
				if _, err := fmt.Fprintf(stdout, "%s  %s  %s\n", p.ID, p.Since.Format(time.DateTime), p.Name); err != nil {
					return err
				}
			}
			return nil
		},
	}, &cobra.Command{
		Use: "forget ID|NAME", Short: "Shut a browser out at once", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			n, err := agentd.Pairs(data).Forget(args[0])
			switch {
			case err != nil:
				return err
			case n == 0:
				return fmt.Errorf("nobody is called %q: `agent pair list` lists the browsers that are paired", args[0])
			}
			_, err = fmt.Fprintf(stdout, "%d forgotten\n", n)
			return err
		},
	})
	return cmd
}
