package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/forestock/forestock/hub/hubd"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func rebuildCommand(stdout io.Writer) *cobra.Command {
	cfg := hubd.DefaultConfig()
	var yes bool
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Begin with an empty store, which the agents fill again",
		Long: `For a hub whose store is damaged or wrong and of which there is no backup. Stop
the hub first. The old store is moved aside and kept; in its place comes an empty
one that knows the catalogue, the enrolled warehouses and the ledgers that are
closed for ever, as far as the old store can still be read.

After the next start every agent sends what it keeps, from its first entry on.
Where an agent has trimmed old entries, it states the levels before them, which
the hub takes over: the numbers are right, only what explains them begins later.
"hub rebuild status" shows how far it has come.`,
		Example: "  hub rebuild --data hub-data --yes\n  hub run\n  hub rebuild status",
		Args:    cobra.NoArgs,
	}
	load := program.Configure(cmd, &cfg, func(f *pflag.FlagSet) { bind(f, &cfg) })
	cmd.Flags().BoolVar(&yes, "yes", false, "do it")
	cmd.RunE = func(*cobra.Command, []string) error {
		if err := load(); err != nil {
			return err
		}
		if !yes {
			return fmt.Errorf("this moves the store %s aside and begins with an empty one; say --yes to do it", cfg.Data)
		}
		r, err := hubd.Rebuild(cfg.Data, time.Now())
		if err != nil {
			return err
		}
		return printRebuilt(stdout, &cfg, &r)
	}
	cmd.AddCommand(rebuildStatusCommand(stdout))
	return cmd
}

func printRebuilt(stdout io.Writer, cfg *hubd.Config, r *hubd.Rebuilt) error {
	if r.Aside == "" {
		_, err := fmt.Fprintln(stdout, "finished a rebuild that was interrupted; start the hub")
		return err
	}
	_, err := fmt.Fprintf(stdout, "the old store is kept in %s\nkept: %d items of the catalogue, %d warehouses\n", r.Aside, r.Items, len(r.Warehouses))
	if r.Lost != nil {
		_, wrong := fmt.Fprintf(stdout, "not kept, because it could not be read:\n%v\n", r.Lost)
		err = errors.Join(err, wrong)
	}
	if !cfg.AutoEnrol {
		_, wrong := fmt.Fprintln(stdout, "auto_enrol is off: a warehouse that is not among those kept will be refused")
		err = errors.Join(err, wrong)
	}
	_, wrong := fmt.Fprintln(stdout, "start the hub; every agent then sends what it keeps, and \"hub rebuild status\" shows how far that has come")
	return errors.Join(err, wrong)
}

func rebuildStatusCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how far the agents have filled a running hub",
		Args:  cobra.NoArgs,
	}
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		req := &forestockv1.ListWarehousesRequest{PageSize: 1000}
		return listed(ctx, hub, hub.fleet().ListWarehouses, req, &req.PageToken, (*forestockv1.ListWarehousesResponse).GetWarehouses, printProgress)
	})
}

func printProgress(stdout io.Writer, w *forestockv1.Warehouse) error {
	_, err := fmt.Fprintln(stdout, progress(w))
	return err
}

// progress says how far the hub has come with a warehouse.
func progress(w *forestockv1.Warehouse) string {
	out := w.GetName() + "  "
	applied, err1 := strconv.ParseUint(w.GetAppliedSeq(), 10, 64)
	last, err2 := strconv.ParseUint(w.GetLastSeq(), 10, 64)
	switch {
	case w.GetLastHeardTime() == nil:
		out += "has not been heard from since the hub started"
	case err1 == nil && err2 == nil && applied < last:
		out += fmt.Sprintf("entry %d of %d", applied, last)
	default:
		out += "complete up to entry " + w.GetAppliedSeq()
	}
	if w.GetAdoptedSeq() != "" {
		out += fmt.Sprintf("; levels up to entry %s were taken over %s, without their history", w.GetAdoptedSeq(), w.GetAdoptedTime().AsTime().Format(clock))
	}
	if w.GetReportedSeq() != "" {
		out += "; the levels of entry " + w.GetReportedSeq() + " are served meanwhile"
	}
	return out
}
