package ledger

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Format is how Export writes entries.
type Format string

// The formats of Export.
const (
	NDJSON Format = "ndjson" // one JSON object in each line
	CSV    Format = "csv"    // RFC 4180, with a line of headings
)

// ExportOptions say what Export writes, and how.
type ExportOptions struct {
	Filter
	Format Format
	// BOM begins a CSV with the UTF-8 byte order mark, without which Excel
	// takes Chinese text for the local code page.
	BOM bool
}

// Export writes the entries of a ledger file for other programs: every field
// and the chain's hash, times in the local zone. It fails with ErrLocked while
// an agent runs on the file, and stops at the first damage.
func Export(ctx context.Context, path string, w io.Writer, o ExportOptions) error {
	out := bufio.NewWriter(w)
	write, flush, err := exporter(out, o)
	if err != nil {
		return err
	}
	err = entries(ctx, path, o.Filter, write)
	return errors.Join(err, flush(), out.Flush())
}

func exporter(w *bufio.Writer, o ExportOptions) (write func(stock.Hash, *stock.Entry) error, flush func() error, err error) {
	switch o.Format {
	case NDJSON:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return func(h stock.Hash, e *stock.Entry) error { return enc.Encode(lineOf(h, e)) }, func() error { return nil }, nil
	case CSV:
		if o.BOM {
			if _, err := w.WriteString("\ufeff"); err != nil {
				return nil, nil, err
			}
		}
		rows := csv.NewWriter(w)
		if err := rows.Write(csvHeadings); err != nil {
			return nil, nil, err
		}
		return func(h stock.Hash, e *stock.Entry) error { return rows.Write(rowOf(h, e)) },
			func() error { rows.Flush(); return rows.Error() }, nil
	}
	return nil, nil, fmt.Errorf("%w format %q: one of %s, %s", stock.ErrInvalid, o.Format, NDJSON, CSV)
}

// line is an entry in NDJSON. Scan and frame are base64, as JSON has no bytes.
type line struct {
	Seq      stock.Seq `json:"seq"`
	Time     string    `json:"time,omitempty"`
	Kind     string    `json:"kind"`
	SKU      stock.SKU `json:"sku"`
	Lot      stock.Lot `json:"lot,omitempty"`
	Bin      stock.Bin `json:"bin,omitempty"`
	To       stock.Bin `json:"to,omitempty"`
	Delta    int64     `json:"delta"`
	Expiry   string    `json:"expiry,omitempty"`
	Produced string    `json:"produced,omitempty"`
	Count    *counted  `json:"count,omitempty"`
	Undoes   stock.Seq `json:"undoes,omitempty"`
	Operator string    `json:"operator,omitempty"`
	Station  string    `json:"station,omitempty"`
	Device   string    `json:"device,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Document string    `json:"document,omitempty"`
	Line     string    `json:"line,omitempty"`
	Command  string    `json:"command"`
	Part     int       `json:"part"`
	Scan     []byte    `json:"scan,omitempty"`
	Frame    []byte    `json:"frame,omitempty"`
	Hash     string    `json:"hash"`
}

type counted struct {
	Counted int64     `json:"counted"`
	Seen    int64     `json:"seen"`
	Base    stock.Seq `json:"base"`
}

func lineOf(h stock.Hash, e *stock.Entry) line {
	l := line{
		Seq: e.Seq, Time: stamp(e.Time), Kind: e.Kind.String(), SKU: e.SKU, Lot: e.Lot, Bin: e.Bin, To: e.To, Delta: e.Delta,
		Expiry: e.Expiry.String(), Produced: e.Produced.String(), Undoes: e.Undoes, Operator: e.Operator, Station: e.Station,
		Device: e.Device, Reason: e.Reason, Document: e.Document, Line: e.Line, Command: e.Command, Part: e.Part,
		Scan: e.Scan, Frame: e.Frame, Hash: h.String(),
	}
	if c := e.Count; c != nil {
		l.Count = &counted{c.Counted, c.Seen, c.Base}
	}
	return l
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02T15:04:05.000Z07:00")
}

var csvHeadings = []string{
	"seq", "time", "kind", "sku", "lot", "bin", "to", "delta", "expiry", "produced", "counted", "seen", "base", "undoes",
	"operator", "station", "device", "reason", "document", "line", "command", "part", "scan", "frame", "hash",
}

func rowOf(h stock.Hash, e *stock.Entry) []string {
	var counted, seen, base, undoes string
	if c := e.Count; c != nil {
		counted, seen, base = strconv.FormatInt(c.Counted, 10), strconv.FormatInt(c.Seen, 10), number(c.Base)
	}
	if e.Undoes != 0 {
		undoes = number(e.Undoes)
	}
	return []string{
		number(e.Seq), stamp(e.Time), e.Kind.String(), text(string(e.SKU)), text(string(e.Lot)), text(string(e.Bin)), text(string(e.To)),
		strconv.FormatInt(e.Delta, 10), e.Expiry.String(), e.Produced.String(), counted, seen, base, undoes,
		text(e.Operator), text(e.Station), text(e.Device), text(e.Reason), text(e.Document), text(e.Line), text(e.Command),
		strconv.Itoa(e.Part), raw(e.Scan), raw(e.Frame), h.String(),
	}
}

func number(s stock.Seq) string { return strconv.FormatUint(uint64(s), 10) }

// text keeps a spreadsheet from taking a text for a formula.
func text(s string) string {
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}

// raw shows bytes as text, with what cannot be printed escaped as in Go.
func raw(b []byte) string {
	q := strconv.QuoteToASCII(string(b))
	return text(q[1 : len(q)-1])
}
