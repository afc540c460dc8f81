package agentd

import (
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/proto/stock"
)

// Work says what staff may do alone, and who they are.
type Work struct {
	// NeedBadge refuses every booking until somebody has scanned a badge.
	NeedBadge bool `yaml:"need_badge"`
	// People are those who work here; with nobody named every badge is somebody,
	// and any second badge approves.
	People []Person `yaml:"people"`
	// LifeLeft is the least part of its life, in percent, that a lot must have
	// left when it is received, and SaleLeft when it is picked.
	LifeLeft int `yaml:"life_left"`
	SaleLeft int `yaml:"sale_left"`
	// WasteLimit is the value in fen above which a second person approves what
	// is thrown away, and what a count changes; 0 for none.
	WasteLimit int64 `yaml:"waste_limit"`
	// CountAgain is the difference in percent beyond which a bin is counted once
	// more; 0 books every count at once.
	CountAgain int `yaml:"count_again"`
	// Zones are the temperature zones of bins by the first part of their name.
	Zones map[string]string `yaml:"zones"`
	// Peers are the warehouses that goods go to and come from, with what
	// `agent transfer-key` prints there.
	Peers map[string]string `yaml:"peers"`
	// Notices is the folder of what suppliers have announced: NUMBER.csv for an
	// inbound document, with the columns sku and quantity. Empty is notices in the
	// data folder.
	Notices string `yaml:"notices"`
}

// Person is somebody who works in the warehouse.
type Person struct {
	Badge      string `yaml:"badge"` // six digits
	Name       string `yaml:"name"`
	PIN        string `yaml:"pin"` // what `agent pin` prints; empty for none
	Supervisor bool   `yaml:"supervisor"`
}

// apply puts the settings of the work into the rules of the stations.
func (w *Work) apply(r *floor.Rules) {
	r.NeedBadge, r.LifeLeft, r.SaleLeft = w.NeedBadge, w.LifeLeft, w.SaleLeft
	r.WasteLimit, r.CountAgain = w.WasteLimit, w.CountAgain
	for _, p := range w.People {
		r.People = append(r.People, floor.Person(p))
	}
	r.Zones = make(map[string]stock.Zone, len(w.Zones))
	for name, zone := range w.Zones {
		r.Zones[name] = stock.Zone(zone)
	}
}

// HashPIN gives what the configuration keeps of a PIN of four digits.
func HashPIN(pin string) (string, error) { return floor.HashPIN(pin) }
