package wire

import (
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// ItemMessage gives the item as it travels.
func ItemMessage(it *stock.Item) *forestockv1.Item {
	m := &forestockv1.Item{
		Sku: string(it.SKU), Name: it.Name, NameEn: it.NameEn, Unit: string(it.Unit), Plu: it.PLU,
		Pack: int32(it.Pack), Bin: string(it.Bin), Zone: string(it.Zone),
		ShelfLifeDays: int32(it.ShelfLife), PriceFen: int32(it.Price), Removed: it.Removed,
	}
	for _, g := range it.GTINs {
		m.Gtins = append(m.Gtins, string(g))
	}
	return m
}

// ItemFrom reads an item and checks it against the rules of the catalogue.
func ItemFrom(m *forestockv1.Item) (stock.Item, error) {
	it := stock.Item{
		SKU: stock.SKU(m.GetSku()), Name: m.GetName(), NameEn: m.GetNameEn(), Unit: stock.Unit(m.GetUnit()), PLU: m.GetPlu(),
		Pack: int64(m.GetPack()), Bin: stock.Bin(m.GetBin()), Zone: stock.Zone(m.GetZone()),
		ShelfLife: int(m.GetShelfLifeDays()), Price: int64(m.GetPriceFen()), Removed: m.GetRemoved(),
	}
	for _, g := range m.GetGtins() {
		it.GTINs = append(it.GTINs, stock.GTIN(g))
	}
	if err := it.Validate(); err != nil {
		return stock.Item{}, err
	}
	return it, nil
}
