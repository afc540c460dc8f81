package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func divergenceCommand(stdout io.Writer) *cobra.Command {
	var at remote
	list := &cobra.Command{
		Use:   "list",
		Short: "List the warehouses whose levels differ from the agent's, with the cells",
		Args:  cobra.NoArgs,
	}
	at.bind(list)
	list.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		req := &forestockv1.ListDivergencesRequest{}
		return everyPage(&req.PageToken, func() (string, error) {
			page, err := forestockv1.NewAdminServiceClient(conn).ListDivergences(ctx, req)
			if err != nil {
				return "", fmt.Errorf("list divergences: %w", err)
			}
			for _, d := range page.GetDivergences() {
				err = errors.Join(err, printDivergence(stdout, d))
			}
			return page.GetNextPageToken(), err
		})
	}
	cmd := &cobra.Command{Use: "divergence", Short: "Look at differences between the hub and its agents"}
	cmd.AddCommand(list)
	return cmd
}

func printDivergence(stdout io.Writer, d *forestockv1.Divergence) error {
	_, err := fmt.Fprintf(stdout, "%s  differs at entry %s since %s: digest %s here, %s at the agent\n",
		d.GetName(), d.GetSeq(), d.GetSinceTime().AsTime().Format("2006-01-02 15:04:05 MST"), d.GetHubDigest(), d.GetAgentDigest())
	if d.GetCellsSeq() == "" && err == nil {
		_, err = fmt.Fprintln(stdout, "  the agent has not told its cells yet")
	}
	for _, c := range d.GetCells() {
		_, wrong := fmt.Fprintf(stdout, "  %s lot %q bin %q: %d here, %d at the agent (entry %s)\n", c.GetSku(), c.GetLot(), c.GetBin(), c.GetHub(), c.GetAgent(), d.GetCellsSeq())
		err = errors.Join(err, wrong)
	}
	return err
}
