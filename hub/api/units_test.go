package api

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func TestBuckets_RefillAndBelongToOneCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBuckets(Limits{CallsPerSecond: 2, Burst: 3})
		for range 3 {
			if wait := b.take("a", 1); wait != 0 {
				t.Fatalf("within the burst: wait %v", wait)
			}
		}
		if wait := b.take("a", 1); wait != 500*time.Millisecond {
			t.Errorf("after the burst: wait %v, want 500ms", wait)
		}
		if wait := b.take("b", 1); wait != 0 {
			t.Errorf("somebody else: wait %v", wait)
		}
		time.Sleep(500 * time.Millisecond)
		if wait := b.take("a", 1); wait != 0 {
			t.Errorf("after the wait: wait %v", wait)
		}
	})
}

func TestBuckets_StayBoundedUnderAFloodOfAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBuckets(Limits{CallsPerSecond: 1, Burst: 1})
		refused := 0
		for i := range 3 * maxBuckets {
			if b.take(strconv.Itoa(i), 1) > 0 {
				refused++
			}
		}
		if len(b.of) > maxBuckets+1 {
			t.Errorf("%d buckets", len(b.of))
		}
		if refused < maxBuckets {
			t.Errorf("%d of the flood were refused: those without a bucket share one", refused)
		}
		time.Sleep(2 * time.Second)
		if wait := b.take("later", 1); wait != 0 || len(b.of) > 2 {
			t.Errorf("after the flood: wait %v, %d buckets", wait, len(b.of))
		}
	})
}

func TestAddressKey_IsTheCallersNotThePorts(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7:1234": "192.0.2.7", "[::ffff:192.0.2.7]:1": "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:99": "2001:db8:1:2::/64", "[fe80::1%eth0]:5": "fe80::/64", "@": "@",
	} {
		if got := addressKey(address); got != want {
			t.Errorf("%s is limited as %s, want %s", address, got, want)
		}
	}
}

func TestPrintable_LosesNothing(t *testing.T) {
	for raw, want := range map[string]string{
		"]C10106\x1d17\r\n": "]C10106<1D>17<0D><0A>", "牛奶": "牛奶", "\xff\x02ab\x03\x7f": "<FF><02>ab<03><7F>", "": "",
	} {
		if got := printable([]byte(raw)); got != want {
			t.Errorf("%q is shown as %q, want %q", raw, got, want)
		}
	}
}

func TestQuantity_IsBoundedNotWrapped(t *testing.T) {
	for n, want := range map[int64]int32{0: 0, -7: -7, math.MaxInt32 + 1: math.MaxInt32, math.MinInt64: math.MinInt32} {
		if got := quantity(n); got != want {
			t.Errorf("%d is shown as %d, want %d", n, got, want)
		}
	}
}

func TestSharing_HandsOverEveryField(t *testing.T) {
	in := &forestockv1.Availability{Name: "a", Lots: []*forestockv1.LotLevel{{Lot: "L"}}, Freshness: live}
	in.ProtoReflect().SetUnknown([]byte{0x98, 0x06, 0x01}) // field 99
	out := &forestockv1.Availability{Title: "of an earlier call"}
	if err := (sharing{}).Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, out, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if err := (sharing{}).Copy(new(forestockv1.Warehouse), in); err == nil {
		t.Error("one message became another")
	}
}

func TestRoutes_MatchWholePaths(t *testing.T) {
	rs := mustRoutes(t)
	for _, tt := range []struct{ method, path, want, allowed string }{
		{"GET", "/v1/warehouses/wh-01/skus/a/availability", "/v1/warehouses/{warehouse}/skus/{sku}/availability", "GET"},
		{"GET", "/v1/warehouses//availability", "", ""},
		{"GET", "/v1/warehouses/", "", ""},
		{"GET", "/v1/items:batchUpdate", "", "POST"},
		{"POST", "/v1/items:batchUpdate", "/v1/items:batchUpdate", "POST"},
		{http.MethodHead, "/v1/items", "", "GET"},
	} {
		found, allowed := rs.find(tt.method, tt.path)
		got := ""
		if found != nil {
			got = found.Path
		}
		if got != tt.want || strings.Join(allowed, ",") != tt.allowed {
			t.Errorf("%s %s is %q (%v), want %q (%s)", tt.method, tt.path, got, allowed, tt.want, tt.allowed)
		}
	}
}

// A token is read back by the question that it was made for, and by no other.
func FuzzPlaceToken(f *testing.F) {
	f.Add(byte(levelPage), "warehouses/wh-01?", "milk-1l/wh-01", "AXyz")
	f.Add(byte(resume), "", "", "")
	f.Fuzz(func(t *testing.T, kind byte, question, place, made string) {
		token := placeToken(tokenKind(kind), question, place)
		if got, ok := placeOf(tokenKind(kind), question, token); len(token) <= maxToken && (!ok || got != place) {
			t.Errorf("%q came back as %q, %v", place, got, ok)
		}
		if got, ok := placeOf(tokenKind(kind), question+"x", token); ok {
			t.Errorf("another question reads %q", got)
		}
		if got, ok := placeOf(tokenKind(kind+1), question, token); ok {
			t.Errorf("another kind reads %q", got)
		}
		if got, ok := placeOf(tokenKind(kind), question, made); ok && placeToken(tokenKind(kind), question, got) != made {
			t.Errorf("the made-up token %q reads %q", made, got)
		}
	})
}

// A name that is read is written the same.
func FuzzSKUName(f *testing.F) {
	for _, seed := range []string{"warehouses/wh-01/skus/milk-1l", "warehouses//skus/", "warehouses/a/skus/b/c", "warehouses/a/skus/../b", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		w, sku, err := parseSKUName("name", name)
		if err == nil && skuName(w, sku) != name {
			t.Errorf("%q is read as %s in %s", name, sku, w)
		}
		if err != nil && refusalOf(err).reason != InvalidName {
			t.Errorf("%q: %v", name, err)
		}
	})
}
