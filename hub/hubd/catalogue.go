package hubd

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// catalogueColumns are the columns of a catalogue file, in any order. Those
// from the fifth on may be missing.
var catalogueColumns = []string{
	"sku", "name", "unit", "gtins", "name_en", "plu", "pack", "bin", "zone", "shelf_life_days", "price_fen", "removed",
}

const neededColumns = 4

// ReadCatalogue reads items from CSV with a header line. A field may hold
// several GTINs, separated by spaces, of 8 to 14 digits. Every error names the
// line; a file with an error gives no items.
func ReadCatalogue(r io.Reader) ([]stock.Item, error) {
	in := csv.NewReader(r)
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read catalogue header: %w", err)
	}
	head[0] = strings.TrimPrefix(head[0], "\ufeff") // spreadsheets write a byte order mark
	if err := checkColumns(head); err != nil {
		return nil, err
	}
	var items []stock.Item
	seen := make(map[stock.SKU]int)
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read catalogue: %w", err)
		}
		line, _ := in.FieldPos(0)
		it, err := itemOf(head, row)
		if err != nil {
			return nil, fmt.Errorf("catalogue line %d: %w", line, err)
		}
		if first, twice := seen[it.SKU]; twice {
			return nil, fmt.Errorf("catalogue line %d: SKU %s stands in line %d already", line, it.SKU, first)
		}
		seen[it.SKU] = line
		items = append(items, it)
	}
}

func checkColumns(head []string) error {
	for _, name := range head {
		if !slices.Contains(catalogueColumns, name) {
			return fmt.Errorf("catalogue column %q is unknown: the columns are %s", name, strings.Join(catalogueColumns, ", "))
		}
	}
	for _, name := range catalogueColumns[:neededColumns] {
		if !slices.Contains(head, name) {
			return fmt.Errorf("catalogue column %q is missing", name)
		}
	}
	return nil
}

func itemOf(head, row []string) (stock.Item, error) {
	it := stock.Item{Pack: -1}
	for i, name := range head {
		if err := setField(&it, name, strings.TrimSpace(row[i])); err != nil {
			return stock.Item{}, fmt.Errorf("column %s: %w", name, err)
		}
	}
	if it.Pack < 0 {
		it.Pack = 0 // loose goods are weighed
		if it.Unit == stock.Piece {
			it.Pack = 1
		}
	}
	return it, it.Validate()
}

func setField(it *stock.Item, name, value string) (err error) {
	switch name {
	case "sku":
		it.SKU, err = stock.ParseSKU(value)
	case "name":
		it.Name = value
	case "name_en":
		it.NameEn = value
	case "unit":
		it.Unit = stock.Unit(value)
	case "gtins":
		it.GTINs, err = gtinsOf(value)
	case "plu":
		it.PLU = value
	case "bin":
		it.Bin = stock.Bin(value)
	case "zone":
		it.Zone = stock.Zone(value)
	case "pack":
		it.Pack, err = number(value, it.Pack)
	case "shelf_life_days":
		var days int64
		days, err = number(value, 0)
		it.ShelfLife = int(days)
	case "price_fen":
		it.Price, err = number(value, 0)
	case "removed":
		if value != "" {
			it.Removed, err = strconv.ParseBool(value)
		}
	}
	return err
}

func number(value string, empty int64) (int64, error) {
	if value == "" {
		return empty, nil
	}
	return strconv.ParseInt(value, 10, 32)
}

func gtinsOf(value string) ([]stock.GTIN, error) {
	var out []stock.GTIN
	for digits := range strings.FieldsSeq(value) {
		if len(digits) < 8 || len(digits) > 14 || strings.Trim(digits, "0123456789") != "" {
			return nil, fmt.Errorf("%w GTIN %q: 8, 12, 13 or 14 digits", stock.ErrInvalid, digits)
		}
		g := stock.GTIN(strings.Repeat("0", 14-len(digits)) + digits)
		if !g.CheckDigit() {
			return nil, fmt.Errorf("%w GTIN %q: the check digit is wrong", stock.ErrInvalid, digits)
		}
		out = append(out, g)
	}
	return out, nil
}

// itemsPerCommand is how many items are written at once.
const itemsPerCommand = 500

// loadCatalogue writes the configured file into the catalogue.
func (h *Hub) loadCatalogue(ctx context.Context) error {
	if h.cfg.Catalogue == "" {
		h.loaded.Store(true)
		return nil
	}
	f, err := os.Open(h.cfg.Catalogue)
	if err != nil {
		return fmt.Errorf("open catalogue: %w", err)
	}
	defer f.Close()
	items, err := ReadCatalogue(f)
	if err != nil {
		return fmt.Errorf("%s: %w", h.cfg.Catalogue, err)
	}
	changed := 0
	for some := range slices.Chunk(items, itemsPerCommand) {
		results, err := h.store.Apply(ctx, inventory.UpdateItems{Items: some})
		if err != nil {
			return fmt.Errorf("write catalogue: %w", err)
		}
		switch r := results[0].(type) {
		case inventory.ItemsUpdated:
			changed += r.Changed
		case *inventory.Refusal:
			return fmt.Errorf("write catalogue: %s", r.Message)
		}
	}
	h.loaded.Store(true)
	h.log.InfoContext(ctx, "catalogue loaded", "file", h.cfg.Catalogue, "items", len(items), "changed", changed)
	return nil
}
