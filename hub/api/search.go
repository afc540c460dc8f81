package api

import (
	"iter"
	"strings"

	"github.com/forestock/forestock/proto/stock"
)

// maxQuery bounds the text of a search in bytes.
const maxQuery = 64

// query is a text to look for among the items.
type query struct {
	text  string // in lower case; empty matches everything
	exact string // as it was asked
}

func parseQuery(text string) (query, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxQuery {
		return query{}, invalid(InvalidQuery, "query", "the query is over %d bytes; a part of the name is enough", maxQuery)
	}
	if err := stock.CheckText(text); err != nil {
		return query{}, invalid(InvalidQuery, "query", "%v", err)
	}
	return query{text: strings.ToLower(text), exact: text}, nil
}

// matches reports whether a SKU is what the text looks for: a part of its id,
// of its names or of a trade item number, or its number on weighed labels.
func (q query) matches(sku stock.SKU, item *stock.Item) bool {
	if q.text == "" || contains(string(sku), q.text) || contains(item.Name, q.text) || contains(item.NameEn, q.text) || item.PLU == q.text {
		return true
	}
	for _, gtin := range item.GTINs {
		if strings.Contains(string(gtin), q.text) {
			return true
		}
	}
	return false
}

func contains(s, lower string) bool { return strings.Contains(strings.ToLower(s), lower) }

// chunk is how many items are read at once.
const chunk = 512

// matching iterates over the SKUs that match, in order, from the given one on.
// A SKU that no item of the catalogue describes is found by its whole id.
func (v *view) matching(q query, from stock.SKU) iter.Seq[stock.SKU] {
	return func(yield func(stock.SKU) bool) {
		stray, outstanding := v.stray(q)
		outstanding = outstanding && stray >= from
		for sku := range v.matchingItems(q, from) {
			if outstanding && stray < sku {
				outstanding = false
				if !yield(stray) {
					return
				}
			}
			if !yield(sku) {
				return
			}
		}
		if outstanding {
			yield(stray)
		}
	}
}

// stray gives the SKU that the query is, if the catalogue does not have it.
func (v *view) stray(q query) (stock.SKU, bool) {
	sku, err := stock.ParseSKU(q.exact)
	if err != nil {
		return "", false
	}
	_, known := v.stock.Item(sku)
	return sku, !known
}

// matchingItems iterates over the SKUs of the items that match, in order, from
// the given one on.
func (v *view) matchingItems(q query, from stock.SKU) iter.Seq[stock.SKU] {
	return func(yield func(stock.SKU) bool) {
		if item, ok := v.stock.Item(from); ok && q.matches(from, &item) && !yield(from) {
			return
		}
		for after, more := from, true; more; {
			items := v.stock.Items(after, chunk)
			for i := range items {
				after = items[i].SKU
				if q.matches(after, &items[i]) && !yield(after) {
					return
				}
			}
			more = len(items) == chunk
		}
	}
}
