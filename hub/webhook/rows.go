package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// Store is where events come from, and where it is kept who has been told:
// hub/store.
type Store interface {
	Events(since inventory.Token, warehouses ...stock.Warehouse) (inventory.EventFeed, error)
	// OldestEvents gives the token from which all that is still kept follows.
	OldestEvents() inventory.Token
	Watch(since inventory.Token, scope inventory.Scope) (inventory.Feed, error)
	// Keep writes rows, all or none, and returns once they are synced. A nil
	// value takes a row away.
	Keep(ctx context.Context, rows map[string][]byte) error
	// Kept gives the rows with a prefix that come after a key, by key.
	Kept(prefix, after string, take func(key string, value []byte) (more bool)) error
}

// The rows of an endpoint. Letters are named by when they were written, so that
// they keep their order.
const (
	endpointRows = "webhook/endpoint/" // id
	progressRows = "webhook/progress/" // id
	parkedRows   = "webhook/parked/"   // id/letter
	deadRows     = "webhook/dead/"     // id/letter
)

// progress is how far an endpoint was told: everything up to both tokens was
// delivered, or is a letter of its own.
type progress struct {
	Events string `json:"events"`
	Levels string `json:"levels"`
	// From leaves out what happened before.
	From time.Time `json:"from,omitzero"`
	// Since counts for giving up where it is later than the event: a replay tells
	// of old events, and they get their time.
	Since time.Time `json:"since,omitzero"`
}

// put adds a row of JSON to others.
func put(rows map[string][]byte, key string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("row %s: %w", key, err)
	}
	rows[key] = b
	return nil
}

// read gives one row; ok is false where there is none.
func read[T any](s Store, key string) (out T, ok bool, err error) {
	var bad error
	err = s.Kept(key, "", func(found string, value []byte) bool {
		if found == key {
			ok, bad = true, json.Unmarshal(value, &out)
		}
		return false
	})
	return out, ok, errors.Join(err, bad)
}

// list gives up to n rows behind a key.
func list[T any](s Store, prefix, after string, n int) (keys []string, out []T, err error) {
	var bad error
	err = s.Kept(prefix, after, func(key string, value []byte) bool {
		var v T
		if err := json.Unmarshal(value, &v); err != nil {
			bad = fmt.Errorf("row %s: %w", key, err)
			return false
		}
		keys, out = append(keys, key), append(out, v)
		return len(keys) < n
	})
	return keys, out, errors.Join(err, bad)
}

// count gives how many rows have a prefix.
func count(s Store, prefix string) (n int, err error) {
	err = s.Kept(prefix, "", func(string, []byte) bool { n++; return true })
	return n, err
}

// letterName gives the last part of a letter's key.
func letterName(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }
