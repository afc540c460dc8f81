package floor

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// site is one of two warehouses that are both offline.
type site struct {
	*clerk
	ledger *ledger.Ledger
}

// sites opens warehouses that know each other's keys.
func sites(tb testing.TB, names ...stock.Warehouse) map[stock.Warehouse]*site {
	tb.Helper()
	peers := map[stock.Warehouse]ed25519.PublicKey{}
	keys := map[stock.Warehouse]ed25519.PrivateKey{}
	for _, w := range names {
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			tb.Fatal(err)
		}
		peers[w], keys[w] = public, private
	}
	out := map[stock.Warehouse]*site{}
	for _, w := range names {
		l := shop(tb)
		c := newClerk(tb, string(w)+"-s1", newCrowd(), l, func(c stock.Command) (stock.Receipt, error) {
			return l.Append(context.Background(), c)
		})
		c.rules.Transfers = &Transfers{Warehouse: w, Key: keys[w], Peers: peers}
		out[w] = &site{c, l}
	}
	return out
}

func (s *site) want(what string, ok bool) {
	s.tb.Helper()
	if !ok {
		s.tb.Errorf("%s: sound %q, note %+v, alert %+v, booked %+v", what, s.last.Sound, s.last.View.Note, s.last.View.Alert, s.booked)
	}
}

func (s *site) refused(r Reason) bool {
	return s.last.Sound == SoundRefuse && s.last.View.Alert.Reason == r && len(s.booked) == 0
}

func (s *site) total(sku stock.SKU) int64 {
	var n int64
	for _, l := range s.ledger.Levels(sku) {
		n += l.OnHand
	}
	return n
}

// Goods go from one warehouse to the other with a code that both sides
// understand while neither reaches anybody: nothing is lost, nothing is made.
func TestTransfer_GoesByItsCodeAlone(t *testing.T) {
	both := sites(t, "dark-01", "dark-02")
	a, b := both["dark-01"], both["dark-02"]
	a.press(GoReceive)
	a.press("9")
	a.scan(expand(t, "(01)$milk(10)L1(17)260318"))
	a.press("5")
	a.scan(expand(t, "$salt"))
	a.press(Finish)

	a.press(GoOut)
	a.scan(expand(t, "$salt"))
	a.want("goods before the warehouse", a.refused(NoPeer))
	a.press(OK)
	a.scan("dark-02")
	a.press("4")
	a.scan(expand(t, "(01)$milk(10)L1(17)260318"))
	a.press("6")
	a.scan(expand(t, "$salt"))
	a.want("more than there is", a.refused(NotEnough))
	a.press(OK)
	a.scan(expand(t, "$salt"))
	a.press(Finish)
	a.want("sent", a.last.Sound == SoundSaved && len(a.booked) == 2 && a.booked[0].Kind == stock.TransferOut)
	label := a.last.View.Label
	if label == nil || !strings.HasPrefix(label.Code, manifestMark) || len(label.Lines) != 2 {
		t.Fatalf("label %+v", label)
	}
	a.press(Undo)
	a.want("a manifest that is out cannot be undone", !strings.Contains(a.last.View.Note.Text.En, "sent"))

	a.press(GoLookUp)
	a.press(GoOut)
	a.want("the label is gone", a.last.View.Label == nil)
	before := a.total("milk")
	a.press(Reprint)
	if again := a.last.View.Label; again == nil || again.Code != label.Code || len(again.Lines) != 2 || a.total("milk") != before {
		t.Fatalf("the manifest once more: %+v", again)
	}

	b.scan(label.Code)
	b.want("manifest", b.last.View.Mode == TransferIn && len(b.last.View.Lines) == 2)
	b.scan(expand(t, "$noodles"))
	b.want("not on the manifest", b.refused(WrongItem))
	b.press(OK)
	b.scan(expand(t, "(01)$milk(10)L1(17)260330"))
	b.want("another date than was sent", b.refused(DateConflict))
	b.press(OK)
	b.press("3")
	b.scan(expand(t, "$milk"))
	b.scan(expand(t, "$salt"))
	b.scan(expand(t, "$salt"))
	b.want("more than was sent", b.refused(WrongItem))
	b.press(OK)
	b.press(Finish)
	b.want("one milk is missing", b.last.Sound == SoundLook && len(b.booked) == 0)
	b.press(Finish)
	b.want("arrived", b.last.Sound == SoundSaved && len(b.booked) == 2 && b.booked[0].Expiry == 20260318)
	if b.booked[0].Document != a.ledgerDocument(t) {
		t.Errorf("documents %q and %q differ", b.booked[0].Document, a.ledgerDocument(t))
	}
	got := []int64{a.total("milk"), b.total("milk"), a.total("salt"), b.total("salt")}
	if diff := cmp.Diff([]int64{5, 3, 4, 1}, got); diff != "" {
		t.Errorf("stock of both: %s", diff)
	}

	// The same manifest once more counts once, and with something else it is refused.
	b.scan(label.Code)
	b.press("3")
	b.scan(expand(t, "$milk"))
	b.scan(expand(t, "$salt"))
	b.press(Finish)
	b.press(Finish)
	b.scan(label.Code)
	b.press("4")
	b.scan(expand(t, "$milk"))
	b.press(Finish)
	b.press(Finish)
	if n := b.total("milk"); n != 3 {
		t.Errorf("%d milk after the manifest came again, want 3", n)
	}
}

// ledgerDocument gives the document of the newest movement.
func (s *site) ledgerDocument(tb testing.TB) string {
	tb.Helper()
	e, err := s.ledger.Entry(s.ledger.Position().Last)
	if err != nil {
		tb.Fatal(err)
	}
	return e.Document
}

func TestTransfer_RefusesWhatItsSenderDidNotSign(t *testing.T) {
	three := sites(t, "dark-01", "dark-02", "dark-03")
	sender := three["dark-01"].rules.Transfers
	m := Manifest{ID: "x", From: "dark-01", To: "dark-02", Lines: []Sent{{SKU: "salt", Quantity: 5}}}
	good, err := sender.Encode(&m)
	if err != nil {
		t.Fatal(err)
	}
	b := three["dark-02"]
	three["dark-03"].scan(good)
	three["dark-03"].want("for another warehouse", three["dark-03"].refused(BadManifest))
	forged := *sender
	_, forged.Key, err = ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	bad, err := forged.Encode(&m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.rules.Transfers.Decode(bad); !errors.Is(err, errSignature) {
		t.Errorf("a forged manifest: %v", err)
	}
	b.scan(bad)
	b.want("forged", b.refused(BadManifest))
	stranger := m
	stranger.From = "dark-99"
	unknown, err := sender.Encode(&stranger)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.rules.Transfers.Decode(unknown); !errors.Is(err, errSender) {
		t.Errorf("a stranger's manifest: %v", err)
	}
	for i := len(manifestMark); i < len(good); i += 7 {
		flipped := []byte(good)
		flipped[i] = 'A' + (flipped[i]-'A'+1)%26
		if string(flipped) == good {
			continue
		}
		if _, err := b.rules.Transfers.Decode(string(flipped)); err == nil {
			t.Fatalf("a manifest changed at %d is taken", i)
		}
	}
	if got, err := b.rules.Transfers.Decode(good); err != nil || cmp.Diff(m, got) != "" {
		t.Errorf("the good one: %+v, %v", got, err)
	}
	for i := range 400 {
		m.Lines = append(m.Lines, Sent{SKU: stock.SKU(fmt.Sprintf("A%d", i*7919)), Lot: stock.Lot(strconv.Itoa(i * i)), Quantity: int64(i + 1)})
	}
	if _, err := sender.Encode(&m); !errors.Is(err, errManifestLarge) {
		t.Errorf("400 lines in one code: %v", err)
	}
}

func FuzzManifest(f *testing.F) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		f.Fatal(err)
	}
	tr := &Transfers{Warehouse: "b", Key: private, Peers: map[stock.Warehouse]ed25519.PublicKey{"a": public}}
	good, err := tr.Encode(&Manifest{ID: "x", From: "a", To: "b", Lines: []Sent{{SKU: "salt", Quantity: 5}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(manifestMark)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := tr.Decode(text)
		if err != nil {
			return
		}
		// What is taken was signed; written again it says the same.
		again, err := tr.Encode(&m)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := tr.Decode(again); err != nil || cmp.Diff(m, back) != "" {
			t.Fatalf("%+v became %+v, %v", m, back, err)
		}
	})
}
