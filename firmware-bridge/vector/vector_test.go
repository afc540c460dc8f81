package vector

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testdata/vectors.jsonl holds inputs with the part of the result that must come out.
func TestDecode_MeansWhatTheSourcesSay(t *testing.T) {
	f, err := os.Open("testdata/vectors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	n := 0
	for ; lines.Scan(); n++ {
		var want struct {
			ID     string         `json:"id"`
			Expect map[string]any `json:"expect"`
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		id, got, err := Decode(lines.Bytes())
		if err != nil || id != want.ID {
			t.Errorf("%s: %v", want.ID, err)
			continue
		}
		if diff := cmp.Diff(want.Expect, part(t, got, want.Expect)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
		if _, wrong := got["error"]; wrong && got["value"] != nil {
			t.Errorf("%s: an error with a value: %v", id, got)
		}
	}
	if n == 0 {
		t.Error("no vectors")
	}
}

// part returns the keys of a result that are expected, in JSON's types.
func part(t *testing.T, r Result, keys map[string]any) map[string]any {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	some := map[string]any{}
	for k := range keys {
		if v, ok := all[k]; ok {
			some[k] = v
		}
	}
	return some
}

func TestDecode_RefusesWhatIsNoVector(t *testing.T) {
	for _, line := range []string{"", "{", `{"id":"x","kind":"tea"}`, `{"id":"x","kind":"scale","proto":"comma","input_hex":"5"}`, `[]`} {
		if _, r, err := Decode([]byte(line)); err == nil {
			t.Errorf("%s: %v", line, r)
		}
	}
}

// FuzzDecode proves for any vector: no panic, the result is JSON, and an error never comes with a weight.
func FuzzDecode(f *testing.F) {
	b, err := os.Open("testdata/vectors.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	defer b.Close()
	for lines := bufio.NewScanner(b); lines.Scan(); {
		f.Add(append([]byte(nil), lines.Bytes()...))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		_, r, err := Decode(line)
		if err != nil {
			return
		}
		if _, err := json.Marshal(r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if _, wrong := r["error"]; wrong && (r["value"] != nil || r["grams"] != nil || r["gtin14"] != nil) {
			t.Fatalf("%s: %v", line, r)
		}
	})
}
