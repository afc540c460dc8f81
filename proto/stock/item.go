package stock

import "fmt"

// Zone is the temperature zone that an item is kept in.
type Zone string

// The temperature zones.
const (
	Ambient Zone = "ambient"
	Chilled Zone = "chilled"
	Frozen  Zone = "frozen"
)

// Item is what the catalogue says of a SKU. The hub writes it, agents keep a
// copy. Dates of goods already received never follow a change made here.
type Item struct {
	SKU    SKU
	Name   string // for staff, in Chinese
	NameEn string // for staff, in English; may be empty
	Unit   Unit
	GTINs  []GTIN // every trade item number that means one Pack of it
	// PLU is the item number inside the shop's own weighed labels
	// (EAN-13 with prefix 20 to 29); empty where it has none.
	PLU       string
	Pack      int64 // base units in one scan of a GTIN; 1 for pieces, 0 where it must be weighed
	Bin       Bin   // home bin
	Zone      Zone
	ShelfLife int   // days from production to expiry; 0 where it does not expire
	Price     int64 // fen per piece, per 500 g or per 500 ml; 0 where unknown
	Removed   bool  // no longer sold; the entries that name it stay
}

// Validate checks the item against the rules of the catalogue.
func (it *Item) Validate() error {
	if _, err := ParseSKU(string(it.SKU)); err != nil {
		return err
	}
	if !it.Unit.Valid() {
		return fmt.Errorf("%w unit %q of %s: one of pc, g, ml", ErrInvalid, it.Unit, it.SKU)
	}
	if it.Name == "" {
		return fmt.Errorf("%w item %s: has no name", ErrInvalid, it.SKU)
	}
	switch it.Zone {
	case "", Ambient, Chilled, Frozen:
	default:
		return fmt.Errorf("%w zone %q of %s: one of ambient, chilled, frozen", ErrInvalid, it.Zone, it.SKU)
	}
	for _, n := range [...]int64{it.Pack, int64(it.ShelfLife), it.Price} {
		if n < 0 || n > MaxQty {
			return fmt.Errorf("%w item %s: pack, shelf life and price are 0 to %d", ErrInvalid, it.SKU, MaxQty)
		}
	}
	for _, g := range it.GTINs {
		if !only(string(g), 14, digits) || len(g) != 14 {
			return fmt.Errorf("%w GTIN %q of %s: 14 digits", ErrInvalid, g, it.SKU)
		}
	}
	for _, text := range [...]string{it.Name, it.NameEn, it.PLU, string(it.Bin)} {
		if err := CheckText(text); err != nil {
			return fmt.Errorf("item %s: %w", it.SKU, err)
		}
	}
	return nil
}
