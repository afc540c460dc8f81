package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/hub/hubd"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// itemsPerCall is the most that one call may write.
const itemsPerCall = 500

func catalogueCommand(stdout io.Writer) *cobra.Command {
	var at remote
	load := &cobra.Command{
		Use:   "import FILE",
		Short: "Write the items of a CSV file into a running hub's catalogue",
		Long: `Writes the items of a CSV file into a running hub's catalogue, from where they
travel to every warehouse. Items that the file does not name stay as they are.

The first line names the columns: sku, name, unit and gtins are needed; name_en,
plu, pack, bin, zone, shelf_life_days, price_fen and removed may be there.`,
		Example: "  hub catalogue import items.csv --grpc 127.0.0.1:9090",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			changed, all, err := importCatalogue(cmd.Context(), &at, args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(stdout, "%d items read, %d new or changed\n", all, changed)
			return err
		},
	}
	at.bind(load)
	cmd := &cobra.Command{Use: "catalogue", Short: "Work on the catalogue"}
	cmd.AddCommand(load)
	return cmd
}

func importCatalogue(ctx context.Context, at *remote, file string) (changed, all int, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	items, err := hubd.ReadCatalogue(f)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", file, err)
	}
	ctx, conn, err := at.dial(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close()
	client := forestockv1.NewCatalogueServiceClient(conn)
	for some := range slices.Chunk(items, itemsPerCall) {
		done, err := client.BatchUpdateItems(ctx, &forestockv1.BatchUpdateItemsRequest{Items: messages(some)})
		if err != nil {
			return changed, len(items), fmt.Errorf("write items: %w", err)
		}
		changed += int(done.GetChanged())
	}
	return changed, len(items), nil
}

func messages(items []stock.Item) []*forestockv1.Item {
	out := make([]*forestockv1.Item, len(items))
	for i := range items {
		out[i] = wire.ItemMessage(&items[i])
	}
	return out
}
