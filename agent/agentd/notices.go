package agentd

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/proto/stock"
)

// mostNotice bounds the lines of a notice.
const mostNotice = 2000

// notice reads what was announced of an inbound document: DIR/NUMBER.csv with
// the columns sku and quantity, in base units. No file means that nothing was.
// It is read when somebody scans the document, so a file that comes late counts.
func notice(dir, number string) (*floor.Notice, error) {
	f, err := os.Open(filepath.Join(dir, filepath.Base(number)+".csv"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // most deliveries come without a notice
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows := csv.NewReader(f)
	rows.FieldsPerRecord, rows.TrimLeadingSpace = 2, true
	head, err := rows.Read()
	if err != nil || strings.TrimPrefix(head[0], "\ufeff") != "sku" || head[1] != "quantity" {
		return nil, fmt.Errorf("%s.csv: want the columns sku,quantity", number)
	}
	n := &floor.Notice{Document: number}
	for len(n.Lines) <= mostNotice {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s.csv: %w", number, err)
		}
		line, _ := rows.FieldPos(0)
		sku, err := stock.ParseSKU(row[0])
		quantity, bad := strconv.ParseInt(row[1], 10, 64)
		if err != nil || bad != nil || quantity < 1 || quantity > stock.MaxQty {
			return nil, fmt.Errorf("%s.csv: line %d: want a SKU and a whole number of base units", number, line)
		}
		n.Lines = append(n.Lines, floor.Expected{SKU: sku, Quantity: quantity})
	}
	return nil, fmt.Errorf("%s.csv: more than %d lines", number, mostNotice)
}

// notices looks up what was announced, in the folder that the settings name.
func (c *Config) notices(number string) (*floor.Notice, error) {
	dir := c.Work.Notices
	if dir == "" {
		dir = filepath.Join(c.Data, "notices")
	}
	return notice(dir, number)
}

// shopLabels reports whether scanners read the shop's own weighed labels as the
// station writes them.
func (c *Config) shopLabels() bool {
	for _, p := range c.Station.Labels {
		if p == floor.DefaultLabels().Patterns[0] {
			return true
		}
	}
	return false
}
