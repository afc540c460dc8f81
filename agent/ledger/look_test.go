package ledger_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

func item(sku stock.SKU, name, english string, gtins ...stock.GTIN) stock.Item {
	return stock.Item{SKU: sku, Name: name, NameEn: english, Unit: stock.Piece, GTINs: gtins}
}

// stocked opens a ledger with a small catalogue.
func stocked(t *testing.T) *ledger.Ledger {
	t.Helper()
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
	milk, oats := item("milk-1", "有机牛奶", "Organic Milk", "06901234567892"), item("oat-1", "燕麦奶", "Oat milk", "06901234567809")
	old, leek := item("milk-0", "老牛奶", "Old milk", "06901234567892"), item("leek", "韭菜", "Leek")
	old.Removed = true
	leek.PLU, leek.Unit = "00321", stock.Gram
	b := stock.DownBatch{Epoch: stock.Epoch{1}, From: 1}
	for _, it := range []stock.Item{milk, oats, old, leek} {
		b.Entries = append(b.Entries, stock.Down{Item: &it})
	}
	broken := item("broken", "", "")
	b.Entries = append(b.Entries, stock.Down{}, stock.Down{Item: &broken})
	if p, err := l.ApplyDown(t.Context(), b); err != nil || p.Applied != 6 {
		t.Fatalf("ApplyDown = %+v, %v", p, err)
	}
	return l
}

func skus(items []stock.Item) []stock.SKU {
	out := []stock.SKU{}
	for _, it := range items {
		out = append(out, it.SKU)
	}
	return out
}

func TestSearch_FindsWhatSomebodyTypes(t *testing.T) {
	l := stocked(t)
	for _, tc := range []struct {
		q    string
		want []stock.SKU
	}{
		{"有机", []stock.SKU{"milk-1"}},
		{"奶", []stock.SKU{"milk-1", "oat-1"}}, // not what is no longer sold
		{"MILK", []stock.SKU{"milk-1", "oat-1"}},
		{"milk-1", []stock.SKU{"milk-1"}},
		{"7809", []stock.SKU{"oat-1"}},
		{"809", []stock.SKU{}},
		{"00321", []stock.SKU{"leek"}},
		{" leek ", []stock.SKU{"leek"}},
		{"", []stock.SKU{}},
		{"nothing", []stock.SKU{}},
	} {
		if diff := cmp.Diff(tc.want, skus(l.Search(tc.q, 10))); diff != "" {
			t.Errorf("Search(%q): %s", tc.q, diff)
		}
	}
	if got := l.Search("milk", 1); len(got) != 1 {
		t.Errorf("Search with a limit of 1 gives %d items", len(got))
	}
}

func TestCatalogue_FollowsItsCodes(t *testing.T) {
	l := stocked(t)
	if it, ok := l.ItemByGTIN("06901234567892"); !ok || it.SKU != "milk-1" {
		t.Errorf("GTIN of a sold and a removed item = %v, %v; want the sold one", it.SKU, ok)
	}
	if it, ok := l.ItemByPLU("00321"); !ok || it.SKU != "leek" {
		t.Errorf("PLU = %v, %v; want leek", it.SKU, ok)
	}
	if it, ok := l.Item("milk-0"); !ok || !it.Removed {
		t.Errorf("removed item = %+v, %v; want it, removed", it, ok)
	}
	moved := item("leek", "韭菜", "Leek", "06901234567809")
	b := stock.DownBatch{Epoch: stock.Epoch{1}, From: 7, Entries: []stock.Down{{Item: &moved}}}
	if _, err := l.ApplyDown(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if it, ok := l.ItemByPLU("00321"); ok {
		t.Errorf("a PLU that was taken away still finds %s", it.SKU)
	}
	if it, _ := l.ItemByGTIN("06901234567809"); it.SKU != "leek" {
		t.Errorf("GTIN that two items claim = %s, want the smaller SKU", it.SKU)
	}
	if got := l.Status(); got.Items != 4 || got.DownRefused != 1 || got.Down.Applied != 7 {
		t.Errorf("status = %+v, want 4 items and 1 refused", got)
	}
}

func TestHistory_IsNewestFirst(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
	for i := range 20 {
		m := receive([]stock.SKU{"milk", "egg"}[i%2], int64(i))
		if _, err := l.Append(t.Context(), stock.Command{ID: strconv.Itoa(i), Movements: []stock.Movement{m}}); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := l.History("egg", 3)
	if err != nil {
		t.Fatal(err)
	}
	var got []stock.Seq
	for _, e := range entries {
		got = append(got, e.Seq)
	}
	if want := []stock.Seq{20, 18, 16}; !slices.Equal(got, want) {
		t.Errorf("history = %v, want %v", got, want)
	}
}

func TestChanged_IsClosedByTheNextEntry(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
	changed := l.Changed()
	if err := l.Stored(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
		t.Fatal("changed before anything was appended")
	default:
	}
	if _, err := l.Append(t.Context(), stock.Command{ID: "a", Movements: []stock.Movement{receive("milk", 1)}}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
	default:
		t.Error("not closed although an entry was appended")
	}
}

func TestCellsIn_GivesTheBucketsOfTheDigest(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
	c := stock.Command{ID: "a", Movements: []stock.Movement{receive("milk", 5), receive("egg", 7)}}
	if _, err := l.Append(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	milk := stock.Cell{SKU: "milk", Lot: "L1", Bin: "A-01"}
	got, seq := l.CellsIn([]int{milk.Bucket(), -1, 999})
	if seq != 2 || len(got) != 1 || got[0].Cell != milk || got[0].OnHand != 5 {
		t.Errorf("CellsIn = %+v as of %d, want the milk as of 2", got, seq)
	}
}

// told makes a ledger file with one entry of every special kind.
func told(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, end := open(t, path, small)
	move := receive("milk", -2)
	move.Kind, move.To, move.Reason = stock.Putaway, "B-02", "=1+1"
	move.Scan, move.Frame = []byte("]C10106901\x1d10L1"), []byte("ST,GS,+  1.250kg\r\n")
	evidence := l.Observe(stock.Cell{SKU: "egg"})
	evidence.Counted = 12
	count := stock.Movement{Kind: stock.Count, SKU: "egg", Count: &evidence}
	for i, m := range []stock.Movement{receive("milk", 10), move, count, {Kind: stock.Undo, Undoes: 2, Operator: "li"}} {
		if _, err := l.Append(t.Context(), stock.Command{ID: fmt.Sprint("cmd-", i), Movements: []stock.Movement{m}}); err != nil {
			t.Fatal(err)
		}
	}
	end()
	return path
}

func TestShow_IsForPeople(t *testing.T) {
	path := told(t)
	show := func(f ledger.Filter) string {
		t.Helper()
		var b bytes.Buffer
		if err := ledger.Show(t.Context(), path, &b, f); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	all := show(ledger.Filter{})
	for _, want := range []string{"SEQ", "putaway", "A-01→B-02", "counted 12, book had 0", "undoes 2", "cmd-3/0", "+10"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	for _, tc := range []struct {
		f    ledger.Filter
		want int
	}{
		{ledger.Filter{}, 4},
		{ledger.Filter{SKU: "egg"}, 1},
		{ledger.Filter{From: 2, To: 3}, 2},
		{ledger.Filter{Tail: 1}, 1},
		{ledger.Filter{Tail: 2, SKU: "milk"}, 2},
		{ledger.Filter{From: 9}, 0},
	} {
		if got := strings.Count(show(tc.f), "\n") - 1; got != tc.want {
			t.Errorf("%+v shows %d entries, want %d", tc.f, got, tc.want)
		}
	}
	if got := show(ledger.Filter{Tail: 1}); !strings.Contains(got, "undo") {
		t.Errorf("the newest entry is not in\n%s", got)
	}
}

func TestExport_KeepsEveryField(t *testing.T) {
	path := told(t)
	var b bytes.Buffer
	if err := ledger.Export(t.Context(), path, &b, ledger.ExportOptions{Format: ledger.NDJSON}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines, want 4", len(lines))
	}
	var move struct {
		Seq, Delta          int64
		Kind, To, Reason    string
		Scan, Frame         []byte
		Time, Expiry, Hash  string
		Operator, Undefined string
	}
	if err := json.Unmarshal([]byte(lines[1]), &move); err != nil {
		t.Fatal(err)
	}
	when, err := time.Parse(time.RFC3339Nano, move.Time)
	if err != nil || when.UnixMilli() != 1_780_000_000_000 {
		t.Errorf("time = %s, %v", move.Time, err)
	}
	if move.Seq != 2 || move.Delta != -2 || move.To != "B-02" || move.Expiry != "2027-01-31" || len(move.Hash) != 64 ||
		string(move.Scan) != "]C10106901\x1d10L1" || string(move.Frame) != "ST,GS,+  1.250kg\r\n" || move.Reason != "=1+1" {
		t.Errorf("line = %+v", move)
	}
}

func TestExport_CSVOpensInASpreadsheet(t *testing.T) {
	var b bytes.Buffer
	err := ledger.Export(t.Context(), told(t), &b, ledger.ExportOptions{Format: ledger.CSV, BOM: true})
	if err != nil || !bytes.HasPrefix(b.Bytes(), []byte("\xef\xbb\xbfseq,time,")) {
		t.Fatalf("Export = %q, %v; want a byte order mark and headings", b.String()[:20], err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b.Bytes()[3:])).ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d rows, %v; want 5", len(rows), err)
	}
	column := func(row int, name string) string { return rows[row][slices.Index(rows[0], name)] }
	for _, tc := range []struct {
		row        int
		name, want string
	}{
		{2, "reason", "'=1+1"}, // not a formula
		{2, "scan", `]C10106901\x1d10L1`},
		{2, "delta", "-2"},
		{3, "counted", "12"},
		{3, "delta", "12"},
		{4, "undoes", "2"},
		{4, "to", "B-02"},
		{4, "delta", "2"},
		{1, "undoes", ""},
	} {
		if got := column(tc.row, tc.name); got != tc.want {
			t.Errorf("row %d, %s = %q, want %q", tc.row, tc.name, got, tc.want)
		}
	}
	if err := ledger.Export(t.Context(), told(t), &b, ledger.ExportOptions{Format: "xlsx"}); !errors.Is(err, stock.ErrInvalid) {
		t.Errorf("Export as xlsx = %v, want ErrInvalid", err)
	}
}

func TestVerify_ReportsItsProgress(t *testing.T) {
	path, entries, items := filled(t, 100)
	var done, newest stock.Seq
	report, err := ledger.Verify(t.Context(), path, func(d, n stock.Seq) { done, newest = d, n })
	if err != nil || !report.OK() || int(report.Entries) != len(entries) || report.Items != len(items) || !report.Levels {
		t.Errorf("Verify = %+v, %v", report, err)
	}
	if int(done) != len(entries) || done != newest {
		t.Errorf("progress ended at %d of %d, want %d", done, newest, len(entries))
	}
}

func TestLedger_LeavesNoGoroutineBehind(t *testing.T) {
	l, end := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
	if _, err := l.Append(t.Context(), stock.Command{ID: "a", Movements: []stock.Movement{receive("milk", 1)}}); err != nil {
		t.Fatal(err)
	}
	if !working() { // the control
		t.Error("a running ledger has no goroutine")
	}
	end()
	for range 10_000 { // a goroutine that has returned may still be seen for a moment
		if !working() {
			return
		}
		runtime.Gosched()
	}
	t.Error("a goroutine of the ledger goes on after Run and Close")
}

// working reports whether any goroutine runs code of the ledger or of bbolt.
func working() bool {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return bytes.Contains(stacks, []byte("agent/ledger.(*")) || bytes.Contains(stacks, []byte("go.etcd.io/bbolt"))
}

func TestStored_IsInTheFileASecondLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	synctest.Test(t, func(t *testing.T) {
		l, end := open(t, path, small)
		for i := range 10 {
			if _, err := l.Append(t.Context(), command("S", i)); err != nil {
				t.Fatal(err)
			}
		}
		before := l.Status().Commits
		for seq := range stock.Seq(5) { // acknowledgements that keep coming do not put it off
			if err := l.Stored(t.Context(), seq+1); err != nil {
				t.Fatal(err)
			}
			time.Sleep(300 * time.Millisecond)
		}
		if got := l.Status().Commits - before; got != 1 {
			t.Errorf("acknowledgements during a second and a half took %d commits of their own, want 1", got)
		}
		end()
	})
	if report, err := ledger.Verify(t.Context(), path, nil); err != nil || report.Stored != 5 {
		t.Errorf("Verify = %+v, %v; want the hub's cursor at 5", report, err)
	}
}
