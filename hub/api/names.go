package api

import (
	"strings"

	"github.com/forestock/forestock/proto/stock"
)

// everyWarehouse stands for all of them in a parent, as in AIP-159.
const everyWarehouse = "-"

// parseSKUName reads warehouses/{w}/skus/{s}.
func parseSKUName(field, name string) (w stock.Warehouse, sku stock.SKU, err error) {
	rest, ok1 := strings.CutPrefix(name, "warehouses/")
	warehouse, rest, ok2 := strings.Cut(rest, "/")
	id, ok3 := strings.CutPrefix(rest, "skus/")
	if !ok1 || !ok2 || !ok3 {
		return "", "", invalid(InvalidName, field, "%.120q is no name of a SKU in a warehouse; write warehouses/{warehouse}/skus/{sku}", name)
	}
	if w, err = stock.ParseWarehouse(warehouse); err == nil {
		sku, err = stock.ParseSKU(id)
	}
	if err != nil {
		return "", "", invalid(InvalidName, field, "%v", err)
	}
	return w, sku, nil
}

// parseWarehouseName reads warehouses/{w}.
func parseWarehouseName(field, name string) (stock.Warehouse, error) {
	id, ok := strings.CutPrefix(name, "warehouses/")
	if !ok {
		return "", invalid(InvalidName, field, "%.120q is no name of a warehouse; write warehouses/{warehouse}", name)
	}
	w, err := stock.ParseWarehouse(id)
	if err != nil {
		return "", invalid(InvalidName, field, "%v", err)
	}
	return w, nil
}

// parseItemName reads items/{sku}.
func parseItemName(field, name string) (stock.SKU, error) {
	id, ok := strings.CutPrefix(name, "items/")
	if !ok {
		return "", invalid(InvalidName, field, "%.120q is no name of an item; write items/{sku}", name)
	}
	sku, err := stock.ParseSKU(id)
	if err != nil {
		return "", invalid(InvalidName, field, "%v", err)
	}
	return sku, nil
}

func warehouseName(w stock.Warehouse) string { return "warehouses/" + string(w) }

func skuName(w stock.Warehouse, sku stock.SKU) string {
	return "warehouses/" + string(w) + "/skus/" + string(sku)
}
