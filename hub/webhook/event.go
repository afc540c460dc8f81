package webhook

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// Teller gives what events carry: the messages of the REST API, in its JSON.
type Teller interface {
	ReservationJSON(*inventory.Reservation) ([]byte, error)
	// Levels begins for a reader of levels, where terms says how another one was
	// told; empty for one that begins.
	Levels(terms string, of inventory.Scope) Levels
}

// Levels tells one reader of levels, and when something else is sellable of them
// though nothing happened to the goods. It belongs to one goroutine.
type Levels interface {
	// Turned gives a channel that is closed once Turn may have something to tell.
	Turned() <-chan struct{}
	// Turn calls again for every level of which something else is sellable now,
	// with what a GET of it gives.
	Turn(again func(l *inventory.Level, data []byte) error) error
	// LevelJSON gives what a GET of the SKU gives.
	LevelJSON(stock.Warehouse, stock.SKU) ([]byte, error)
	// Terms is what another reader has to know to go on after this one.
	Terms() string
}

// cloudEvent is CloudEvents 1.0, JSON format, with the extensions partitionkey
// and sequence.
type cloudEvent struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         string          `json:"subject,omitempty"`
	Time            time.Time       `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	PartitionKey    string          `json:"partitionkey,omitempty"`
	Sequence        string          `json:"sequence"`
	Warehouse       stock.Warehouse `json:"warehouse,omitempty"`
	Data            json.RawMessage `json:"data"`
}

// eventID names an event the same way wherever and whenever it is told. The
// kind keeps levels and reservations apart.
func eventID(kind string, t inventory.Token) string {
	return fmt.Sprintf("%s_%016x_%d", kind, t.Incarnation, t.Revision)
}

// tokenOf reads from the id of an event where a feed that begins with this event
// starts. Events of reservations and of levels count their revisions together.
func tokenOf(id string) (inventory.Token, error) {
	parts := strings.Split(id, "_")
	if len(parts) == 3 && parts[0] == "res" || len(parts) >= 3 && parts[0] == "lvl" {
		incarnation, err := strconv.ParseUint(parts[1], 16, 64)
		revision, err2 := strconv.ParseUint(parts[2], 10, 64)
		if err == nil && err2 == nil && revision > 0 {
			return inventory.Token{Incarnation: incarnation, Revision: inventory.Revision(revision - 1)}, nil
		}
	}
	return inventory.Token{}, fmt.Errorf("%.80q is no id of an event about a reservation or a level", id)
}

// letter is one event for one endpoint.
type letter struct {
	ID       string          `json:"id"`
	Type     string          `json:"type"`
	Key      string          `json:"key"` // events of one key keep their order
	Time     time.Time       `json:"time"`
	Since    time.Time       `json:"since"` // when trying began; giving up counts from here
	Attempts int             `json:"attempts"`
	Error    string          `json:"error,omitempty"` // of the last attempt
	Body     json.RawMessage `json:"body"`
}

func (c *Config) letter(e *cloudEvent) (*letter, error) {
	e.SpecVersion, e.Source, e.DataContentType, e.PartitionKey = "1.0", c.Source, "application/json", e.Subject
	body, err := json.Marshal(e)
	return &letter{ID: e.ID, Type: e.Type, Key: e.Subject, Time: e.Time, Since: e.Time, Body: body}, err
}

func (c *Config) reservationLetter(teller Teller, incarnation uint64, e *inventory.Event) (*letter, error) {
	data, err := teller.ReservationJSON(e.Reservation)
	if err != nil {
		return nil, err
	}
	r := e.Reservation
	return c.letter(&cloudEvent{
		ID: eventID("res", inventory.Token{Incarnation: incarnation, Revision: r.Revision}), Type: e.Type.String(),
		Subject: "reservations/" + string(r.ID), Time: e.Time.UTC(), Sequence: sequence(r.Revision), Warehouse: r.Warehouse, Data: data,
	})
}

// levelLetter tells of a level. One that did not change and is told again has an
// id of its own, or nobody would take it.
func (c *Config) levelLetter(incarnation uint64, l *inventory.Level, data []byte, again bool) (*letter, error) {
	id := eventID("lvl", inventory.Token{Incarnation: incarnation, Revision: l.Revision})
	if again {
		id += "_" + strconv.FormatInt(time.Now().UnixMilli(), 10)
	}
	return c.letter(&cloudEvent{
		ID: id, Type: LevelChanged,
		Subject: "warehouses/" + string(l.Warehouse) + "/skus/" + string(l.SKU), Time: time.Now().UTC(), Sequence: sequence(l.Revision), Warehouse: l.Warehouse, Data: data,
	})
}

// gapLetter says that events after the token are not known any more.
func (c *Config) gapLetter(lost inventory.Token) (*letter, error) {
	return c.letter(&cloudEvent{
		ID: eventID("gap", lost), Type: GapEvent, Subject: "webhook", Time: time.Now().UTC(), Sequence: sequence(lost.Revision),
		Data: json.RawMessage(`{"message":"events of reservations after this one are not kept any more: list the reservations to catch up"}`),
	})
}

// sequence sorts as text: CloudEvents extension "sequence".
func sequence(r inventory.Revision) string { return fmt.Sprintf("%020d", uint64(r)) }
