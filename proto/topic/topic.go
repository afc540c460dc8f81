// Package topic says where frames travel: the MQTT topics of a warehouse.
//
// It promises that every topic is at most 64 bytes, has five levels, and holds
// nothing that a broker gives a meaning to.
package topic

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/forestock/forestock/proto/stock"
)

// Partitions is the number of parts that the warehouses are split into, for
// ever: hub replicas divide the work by them.
const Partitions = 64

// All matches every frame that agents send, for the hub's subscription.
const All = "fs/1/+/+/u"

// AllPresence matches every presence hint, for the hub's subscription.
const AllPresence = "fs/1/+/+/s"

// Up is where a warehouse's agent sends frames to the hub.
func Up(w stock.Warehouse) string { return of(w, "u") }

// Down is where the hub sends frames to a warehouse's agent.
func Down(w stock.Warehouse) string { return of(w, "d") }

// Presence is where the agent leaves its retained hint that it is on or off;
// the same topic is its will. It is a hint only: the registry is the hub's.
func Presence(w stock.Warehouse) string { return of(w, "s") }

// Partition gives the part that a warehouse belongs to.
func Partition(w stock.Warehouse) int {
	h := fnv.New32a()
	h.Write([]byte(w))
	return int(h.Sum32() % Partitions)
}

// Parse takes a topic apart. The last level is "u", "d" or "s".
func Parse(topic string) (w stock.Warehouse, last string, err error) {
	levels := strings.Split(topic, "/")
	if len(levels) != 5 {
		return "", "", fmt.Errorf("%w topic %q: want fs/1/{partition}/{warehouse}/{u|d|s}", stock.ErrInvalid, topic)
	}
	w, err = stock.ParseWarehouse(levels[3])
	if err != nil {
		return "", "", fmt.Errorf("topic %q: %w", topic, err)
	}
	last = levels[4]
	if (last != "u" && last != "d" && last != "s") || topic != of(w, last) {
		return "", "", fmt.Errorf("%w topic %q: want %s", stock.ErrInvalid, topic, of(w, "u"))
	}
	return w, last, nil
}

func of(w stock.Warehouse, last string) string {
	return fmt.Sprintf("fs/1/%02d/%s/%s", Partition(w), w, last)
}
