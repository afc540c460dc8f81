package station

import (
	"net/http"
	"strconv"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// itemJSON is an item of the catalogue.
type itemJSON struct {
	SKU       stock.SKU    `json:"sku"`
	Name      string       `json:"name"`
	NameEn    string       `json:"name_en"`
	Unit      stock.Unit   `json:"unit"`
	GTINs     []stock.GTIN `json:"gtins"`
	Bin       stock.Bin    `json:"bin"`
	Zone      stock.Zone   `json:"zone"`
	ShelfLife int          `json:"shelf_life_days"`
}

// levelsJSON is how much of an item is on hand, and where.
type levelsJSON struct {
	SKU    stock.SKU  `json:"sku"`
	Name   string     `json:"name"`
	Unit   stock.Unit `json:"unit"`
	OnHand int64      `json:"on_hand"` // base units, over all cells
	Cells  []cellJSON `json:"cells"`   // first expiring first
}

type cellJSON struct {
	Lot      stock.Lot `json:"lot"`
	Bin      stock.Bin `json:"bin"`
	OnHand   int64     `json:"on_hand"`
	Expiry   string    `json:"expiry_date"`
	Produced string    `json:"produced_date"`
}

// movementJSON is one entry of the ledger.
type movementJSON struct {
	Seq      stock.Seq `json:"seq"`
	Kind     string    `json:"kind"`
	Lot      stock.Lot `json:"lot"`
	Bin      stock.Bin `json:"bin"`
	To       stock.Bin `json:"to_bin"`
	Delta    int64     `json:"delta"`
	Time     time.Time `json:"time"`
	Operator string    `json:"operator"`
	Station  string    `json:"station"`
	Device   string    `json:"device"`
	Reason   string    `json:"reason"`
	Scan     []byte    `json:"scan"`  // raw bytes, base64
	Frame    []byte    `json:"frame"` // raw bytes, base64
}

const (
	defaultLimit = 20
	maxLimit     = 200
)

func limitOf(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || n < 1 {
		return defaultLimit
	}
	return min(n, maxLimit)
}

func (s *Server) items(w http.ResponseWriter, r *http.Request) {
	found := s.deps.Book.Search(r.URL.Query().Get("q"), limitOf(r))
	out := make([]itemJSON, len(found))
	for i, it := range found {
		out[i] = itemJSON{it.SKU, it.Name, it.NameEn, it.Unit, it.GTINs, it.Bin, it.Zone, it.ShelfLife}
	}
	answer(w, http.StatusOK, map[string]any{"items": out})
}

func (s *Server) levels(w http.ResponseWriter, r *http.Request) {
	sku, ok := s.sku(w, r)
	if !ok {
		return
	}
	it, _ := s.deps.Book.Item(sku)
	out := levelsJSON{SKU: sku, Name: it.Name, Unit: it.Unit, Cells: []cellJSON{}}
	for _, l := range s.deps.Book.Levels(sku) {
		out.OnHand += l.OnHand
		lot := s.deps.Book.Lot(sku, l.Lot)
		out.Cells = append(out.Cells, cellJSON{l.Lot, l.Bin, l.OnHand, l.Expiry.String(), lot.Produced.String()})
	}
	answer(w, http.StatusOK, out)
}

func (s *Server) movements(w http.ResponseWriter, r *http.Request) {
	sku, ok := s.sku(w, r)
	if !ok {
		return
	}
	entries, err := s.deps.Book.History(sku, limitOf(r))
	if err != nil {
		refuse(w, http.StatusInternalServerError, problem{"LEDGER_DAMAGED", err.Error(), "call your administrator: the ledger's file needs attention"})
		return
	}
	out := make([]movementJSON, len(entries))
	for i := range entries {
		e := &entries[i]
		out[i] = movementJSON{
			e.Seq, e.Kind.String(), e.Lot, e.Bin, e.To, e.Delta, e.Time,
			e.Operator, e.Station, e.Device, e.Reason, e.Scan, e.Frame,
		}
	}
	answer(w, http.StatusOK, map[string]any{"movements": out})
}

// sku reads the parameter of that name: an item of the catalogue, or anything
// that was ever booked.
func (s *Server) sku(w http.ResponseWriter, r *http.Request) (stock.SKU, bool) {
	sku, err := stock.ParseSKU(r.URL.Query().Get("sku"))
	if err != nil {
		refuse(w, http.StatusBadRequest, problem{"BAD_SKU", err.Error(), "ask for /api/levels?sku=A1000; /api/items?q= finds SKUs by name"})
		return "", false
	}
	if _, known := s.deps.Book.Item(sku); !known && len(s.deps.Book.Levels(sku)) == 0 {
		refuse(w, http.StatusNotFound, problem{"UNKNOWN_SKU", "nothing is known of SKU " + string(sku), "/api/items?q= finds SKUs by name"})
		return "", false
	}
	return sku, true
}
