package topic_test

import (
	"strings"
	"testing"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/topic"
)

func TestTopics_AreFixedForEver(t *testing.T) {
	// Agents and hubs of every version meet on these strings.
	tests := []struct{ got, want string }{
		{topic.Up("sh-pudong-01"), "fs/1/24/sh-pudong-01/u"},
		{topic.Down("sh-pudong-01"), "fs/1/24/sh-pudong-01/d"},
		{topic.Presence("sh-pudong-01"), "fs/1/24/sh-pudong-01/s"},
		{topic.Up("a"), "fs/1/44/a/u"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %s, want %s", tt.got, tt.want)
		}
	}
}

func TestParse_TakesApartWhatWasMade(t *testing.T) {
	for _, w := range []stock.Warehouse{"a", "sh-pudong-01", "0", stock.Warehouse(strings.Repeat("z", 32))} {
		for last, of := range map[string]func(stock.Warehouse) string{"u": topic.Up, "d": topic.Down, "s": topic.Presence} {
			s := of(w)
			if len(s) > 64 {
				t.Errorf("%s: %d bytes, at most 64", s, len(s))
			}
			got, gotLast, err := topic.Parse(s)
			if err != nil || got != w || gotLast != last {
				t.Errorf("Parse(%s) = %s, %s, %v", s, got, gotLast, err)
			}
		}
	}
}

func TestParse_RefusesWhatNoWarehouseHas(t *testing.T) {
	for _, s := range []string{
		"", "/", "fs/1/44/a", "fs/1/44/a/u/", "fs/1/44/a/x", "fs/2/44/a/u", "fs/1/45/a/u", "fs/1/4/a/u", "fs/1/44/A/u", "fs/1/44//u",
		"fs/1/+/a/u", "fs/1/44/+/u", "fs/1/44/a/#", "fs/1/#", "$share/g/fs/1/44/a/u", "$SYS/broker/uptime", "fs/1/44/a/u\x00",
		"fs/1/44/" + strings.Repeat("z", 33) + "/u",
	} {
		if w, last, err := topic.Parse(s); err == nil {
			t.Errorf("Parse(%q) = %s, %s: accepted", s, w, last)
		}
	}
}

// What is accepted is exactly what one of the three makers makes.
func FuzzParse(f *testing.F) {
	f.Add("fs/1/44/a/u")
	f.Add("fs/1/+/+/u")
	f.Fuzz(func(t *testing.T, s string) {
		w, last, err := topic.Parse(s)
		if err != nil {
			return
		}
		made := map[string]string{"u": topic.Up(w), "d": topic.Down(w), "s": topic.Presence(w)}
		if made[last] != s {
			t.Errorf("Parse(%q) = %s, %s, which is %q", s, w, last, made[last])
		}
		if strings.ContainsAny(s, "+#$ ") {
			t.Errorf("%q holds what a broker gives a meaning to", s)
		}
	})
}

func TestPartition_SpreadsWarehouses(t *testing.T) {
	seen := make(map[int]int)
	for i := range 6400 {
		p := topic.Partition(stock.Warehouse("wh-" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + string(rune('0'+i/26%10)) + string(rune('a'+i/260%26))))
		if p < 0 || p >= topic.Partitions {
			t.Fatalf("partition %d", p)
		}
		seen[p]++
	}
	if len(seen) != topic.Partitions {
		t.Errorf("only %d of %d partitions are used", len(seen), topic.Partitions)
	}
}
