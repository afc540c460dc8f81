package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/hub/hubd"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func backupCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup [NAME]",
		Short: "Copy the store of a running hub into its backup folder",
		Long: `Tells a running hub to write a consistent copy of its store into a new folder
below its backup_dir, and prints where that is, on the hub's machine. The copy
holds everything that the hub acknowledged before. Without a name it gets the
time as its name. Take the copy to another disk: it shares files with the store
where both are on one file system.`,
		Example: "  hub backup before-upgrade --grpc 127.0.0.1:9090",
		Args:    cobra.MaximumNArgs(1),
	}
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		req := &forestockv1.CreateBackupRequest{Name: strings.Join(hub.args, "")}
		return answer(ctx, hub, hub.admin().CreateBackup, req, func(stdout io.Writer, b *forestockv1.Backup) error {
			for _, w := range b.GetWarehouses() {
				if _, err := fmt.Fprintf(hub.errs, "%s up to entry %s\n", w.GetName(), w.GetAppliedSeq()); err != nil {
					return err
				}
			}
			_, err := fmt.Fprintln(stdout, b.GetPath())
			return err
		})
	})
}

func restoreCommand(stdout io.Writer) *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "restore DIR",
		Short: "Make a new store from a backup",
		Long: `Makes a new store in an empty folder from a backup, which is checked and stays as
it is. Start the hub on the new folder afterwards; never start the old store
again beside it.

The hub then begins a new life: agents say hello and send again what the backup
forgot, as far back as they keep it; watches begin again. What the hub alone
wrote after the backup, such as catalogue items, has to be written again.`,
		Example: "  hub restore hub-backup/before-upgrade --data hub-data-2",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := hubd.Restore(args[0], data)
			if err != nil {
				return err
			}
			for _, w := range b.Warehouses {
				if _, err := fmt.Fprintf(stdout, "%s up to entry %d\n", w.Warehouse, w.Applied); err != nil {
					return err
				}
			}
			_, err = fmt.Fprintf(stdout, "restored the backup of %s into %s\n", b.Time.Format(clock), data)
			return err
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "folder of the new store, empty or not there yet")
	_ = cmd.MarkFlagRequired("data") // the flag is there
	return cmd
}
