package webhook

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// TestSign_AgreesWithThePublishedVector: the vector of the reference libraries
// of Standard Webhooks.
func TestSign_AgreesWithThePublishedVector(t *testing.T) {
	key, err := keyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1614265330, 0)
	const want = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	if got := sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, []byte(`{"test": 2432232314}`)); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	if got := sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, []byte(`{"test": 2432232315}`)); got == want {
		t.Error("another body has the same signature")
	}
}

func TestKeyOf_RefusesShortAndForeignSecrets(t *testing.T) {
	for _, bad := range []string{"", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!", "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 65))} {
		if _, err := keyOf(bad); err == nil {
			t.Errorf("%q is taken for a secret", bad)
		}
	}
	if _, err := keyOf(newSecret()); err != nil {
		t.Error(err)
	}
}

func TestGuard_LetsNobodyIn(t *testing.T) {
	public, private := DefaultConfig(), DefaultConfig()
	private.AllowPrivate = true
	for _, tt := range []struct {
		ip             string
		public, inside bool // allowed
	}{
		{"93.184.216.34", true, true},
		{"2606:2800:220:1::1", true, true},
		{"127.0.0.1", false, true},
		{"::1", false, true},
		{"10.1.2.3", false, true},
		{"192.168.1.1", false, true},
		{"172.16.0.1", false, true},
		{"100.64.0.1", false, true},
		{"fd00::1", false, true},
		{"::ffff:10.0.0.1", false, true},
		{"64:ff9b::a00:1", false, true},
		{"0.0.0.0", false, false},
		{"169.254.169.254", false, false},
		{"::ffff:169.254.169.254", false, false},
		{"fe80::1", false, false},
		{"224.0.0.1", false, false},
	} {
		ip := netip.MustParseAddr(tt.ip)
		if got := public.mayDial(ip) == nil; got != tt.public {
			t.Errorf("%s: allowed %t, want %t", ip, got, tt.public)
		}
		if got := private.mayDial(ip) == nil; got != tt.inside {
			t.Errorf("%s with private addresses: allowed %t, want %t", ip, got, tt.inside)
		}
	}
}

func TestCheckURL_WantsHTTPS(t *testing.T) {
	c := DefaultConfig()
	here := c
	here.AllowPrivate = true
	for _, tt := range []struct {
		url          string
		public, here bool
	}{
		{"https://shop.example/hooks", true, true},
		{"http://shop.example/hooks", false, false},
		{"http://127.0.0.1:8000/", false, true},
		{"http://localhost:8000/", false, true},
		{"https://10.0.0.7/", false, true},
		{"http://10.0.0.7/", false, false},
		{"https://169.254.169.254/latest", false, false},
		{"ftp://shop.example", false, false},
		{"https://user:pass@shop.example", false, false},
		{"shop.example", false, false},
	} {
		if got := checkURL(&c, tt.url) == nil; got != tt.public {
			t.Errorf("%s: allowed %t, want %t", tt.url, got, tt.public)
		}
		if got := checkURL(&here, tt.url) == nil; got != tt.here {
			t.Errorf("%s with private addresses: allowed %t, want %t", tt.url, got, tt.here)
		}
	}
}

// The name is public when it is added, and private when it is dialled.
func TestGuard_AsksAgainWhenItDials(t *testing.T) {
	shop := newShop(t)
	guarded := DefaultConfig()
	err := newSender(&guarded).post(t.Context(), shop.URL, keys{now: []byte("key")}, "id", []byte("{}"))
	if !errors.Is(err, errPrivate) {
		t.Errorf("posted to this machine: %v", err)
	}
	guarded.AllowPrivate = true
	if err := newSender(&guarded).post(t.Context(), shop.URL, keys{now: []byte("key")}, "id", []byte("{}")); err != nil {
		t.Errorf("the control: %v", err)
	}
}

func TestSender_FollowsNoRedirect(t *testing.T) {
	shop := newShop(t)
	other := newShop(t)
	shop.Config.Handler = http.RedirectHandler(other.URL, http.StatusTemporaryRedirect)
	c := impatient()
	if err := newSender(&c).post(t.Context(), shop.URL, keys{now: []byte("key")}, "id", []byte("{}")); err == nil || other.tries > 0 {
		t.Errorf("%v, and the other got %d", err, other.tries)
	}
}

func TestOffice_TellsWhatHappensSignedAndInOrder(t *testing.T) {
	w, shop := newWorld(t, impatient()), newShop(t)
	w.order("before")
	hook := w.add(shop.URL)
	all := []string{"o-3 cancelled"}
	for i := range 30 {
		id := fmt.Sprint("o-", i)
		w.order(id)
		all = append(all, id+" tried", id+" confirmed")
	}
	w.cancel("o-3")
	shop.wants(t, all...)
	shop.inOrder(t)
	if got := len(shop.heard()); got != 61 {
		t.Errorf("%d deliveries, want 61: %v", got, shop.heard())
	}
	key, err := keyOf(hook.GetSecret())
	if err != nil {
		t.Fatal(err)
	}
	d := shop.took[0]
	var second int64
	if _, err := fmt.Sscan(d.header.Get("webhook-timestamp"), &second); err != nil {
		t.Fatal(err)
	}
	if got := d.header.Get("webhook-signature"); got != sign(key, d.header.Get("webhook-id"), time.Unix(second, 0), d.body) {
		t.Errorf("signature %q", got)
	}
	if e := d.event; e.SpecVersion != "1.0" || e.ID != d.header.Get("webhook-id") || e.Warehouse != "wh-1" || e.Source != w.config.Source ||
		!strings.Contains(string(e.Data), `"name":"reservations/`) {
		t.Errorf("event %s", d.body)
	}
	if got := w.hook(hook.GetName()); got.GetSecret() != "" {
		t.Error("the secret is listed")
	}
}

// TestOffice_StuckKeysHoldUpNoOther: more reservations are refused for long than
// the window has room for. The others go on, their own events wait on disk, and
// come in their order.
func TestOffice_StuckKeysHoldUpNoOther(t *testing.T) {
	c := impatient()
	c.Window = 16
	w, shop := newWorld(t, c), newShop(t)
	shop.setJudge(func(d delivery) int {
		if strings.HasPrefix(d.event.Subject, "reservations/stuck") {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	hook := w.add(shop.URL)
	for i := range 20 {
		w.order(fmt.Sprint("stuck-", i))
		w.order(fmt.Sprint("early-", i))
	}
	for i := range 50 {
		w.order(fmt.Sprint("o-", i))
	}
	shop.wants(t, "o-49 confirmed", "o-0 tried")
	w.cancel("stuck-7")
	shop.until(t, "stuck keys are parked on disk", func() bool { return w.hook(hook.GetName()).GetParked() > 0 })
	w.restart() // what is parked outlives the process
	w.order("after")
	shop.wants(t, "after confirmed")
	shop.setJudge(nil)
	shop.wants(t, "stuck-0 tried", "stuck-7 tried", "stuck-7 confirmed", "stuck-7 cancelled", "stuck-19 confirmed")
	shop.inOrder(t)
	shop.until(t, "nothing waits", func() bool { h := w.hook(hook.GetName()); return h.GetParked()+h.GetWaiting() == 0 })
}

// TestOffice_RemembersAcrossRestarts: whatever happens while an endpoint is
// down and the hub is restarted, every event comes, and in order.
func TestOffice_RemembersAcrossRestarts(t *testing.T) {
	w, shop := newWorld(t, impatient()), newShop(t)
	hook := w.add(shop.URL)
	var want []string
	for round := range 4 {
		down := round%2 == 1
		shop.setJudge(func(delivery) int {
			if down {
				return http.StatusServiceUnavailable
			}
			return http.StatusOK
		})
		for i := range 20 {
			id := fmt.Sprintf("o-%d-%d", round, i)
			w.order(id)
			want = append(want, id+" tried", id+" confirmed")
		}
		w.restart()
	}
	shop.setJudge(nil)
	shop.wants(t, want...)
	shop.inOrder(t)
	if w.hook(hook.GetName()).GetDead() > 0 {
		t.Error("events were given up")
	}
}

// TestDisorder_SeesWhatOvertook is the negative control.
func TestDisorder_SeesWhatOvertook(t *testing.T) {
	e := func(seq string) delivery {
		return delivery{event: cloudEvent{ID: seq, Subject: "reservations/o", Sequence: seq}}
	}
	if disorder([]delivery{e("2"), e("1")}) == nil {
		t.Error("an event that overtook is not seen")
	}
	if err := disorder([]delivery{e("1"), e("2"), e("1")}); err != nil {
		t.Errorf("one that came again: %v", err)
	}
}

// TestOffice_GivesUpAndTriesAgainByCommand: what is not taken in time is kept,
// listed, and delivered when somebody says so.
func TestOffice_GivesUpAndTriesAgainByCommand(t *testing.T) {
	c := impatient()
	c.GiveUp = 100 * time.Millisecond
	w, shop := newWorld(t, c), newShop(t)
	shop.setJudge(func(delivery) int { return http.StatusTeapot })
	hook := w.add(shop.URL)
	for i := range 10 {
		w.order(fmt.Sprint("o-", i))
	}
	shop.until(t, "20 dead letters", func() bool { return w.hook(hook.GetName()).GetDead() == 20 })
	w.restart()
	letters := w.dead(hook.GetName())
	if len(letters) != 20 || letters[0].GetSubject() != "reservations/o-0" || !strings.Contains(letters[0].GetError(), "418") {
		t.Fatalf("%d letters: %v", len(letters), letters)
	}
	shop.setJudge(nil)
	one, err := w.office.RedeliverDeadLetters(t.Context(), &forestockv1.RedeliverDeadLettersRequest{Parent: hook.GetName(), Names: []string{letters[0].GetName()}})
	if err != nil || one.GetRedelivered() != 1 {
		t.Fatal(one, err)
	}
	shop.wants(t, "o-0 tried")
	rest, err := w.office.RedeliverDeadLetters(t.Context(), &forestockv1.RedeliverDeadLettersRequest{Parent: hook.GetName()})
	if err != nil || rest.GetRedelivered() != 19 {
		t.Fatal(rest, err)
	}
	shop.wants(t, "o-0 confirmed", "o-9 confirmed")
	if left := w.dead(hook.GetName()); len(left) > 0 {
		t.Errorf("still dead: %v", left)
	}
}

func TestOffice_SwitchesOffWhatIsGoneAndReplays(t *testing.T) {
	w, shop := newWorld(t, impatient()), newShop(t)
	shop.setJudge(func(delivery) int { return http.StatusGone })
	hook := w.add(shop.URL)
	w.order("o-1")
	shop.until(t, "switched off", func() bool { return strings.Contains(w.hook(hook.GetName()).GetOff(), "410") })
	w.restart()
	shop.setJudge(nil)
	between := time.Now()
	w.order("o-2")
	if _, err := w.office.ReplayWebhook(t.Context(), &forestockv1.ReplayWebhookRequest{Name: hook.GetName(), FromTime: timestamppb.New(between)}); err != nil {
		t.Fatal(err)
	}
	shop.wants(t, "o-2 tried", "o-2 confirmed")
	if h := shop.heard(); h[0] == "o-1 tried" {
		t.Errorf("told what was before the time: %v", h)
	}
	if _, err := w.office.ReplayWebhook(t.Context(), &forestockv1.ReplayWebhookRequest{Name: hook.GetName()}); err != nil {
		t.Fatal(err)
	}
	shop.wants(t, "o-1 tried", "o-1 confirmed")
	shop.mu.Lock()
	id := shop.took[1].event.ID
	n := len(shop.took)
	shop.mu.Unlock()
	if _, err := w.office.ReplayWebhook(t.Context(), &forestockv1.ReplayWebhookRequest{Name: hook.GetName(), FromEvent: id}); err != nil {
		t.Fatal(err)
	}
	shop.until(t, "the event came again", func() bool {
		shop.mu.Lock()
		defer shop.mu.Unlock()
		return len(shop.took) > n && shop.took[len(shop.took)-1].event.ID >= id
	})
}

// TestOffice_AHangingEndpointHoldsUpNoOther: it takes one connection, and the
// hub ends though an attempt hangs.
func TestOffice_AHangingEndpointHoldsUpNoOther(t *testing.T) {
	w, hangs, works := newWorld(t, impatient()), newShop(t), newShop(t)
	release := make(chan struct{})
	hangs.setJudge(func(delivery) int { <-release; return http.StatusOK })
	t.Cleanup(func() { close(release) })
	w.add(hangs.URL)
	w.add(works.URL)
	w.order("o-1")
	works.wants(t, "o-1 tried", "o-1 confirmed")
	w.restart()
	w.order("o-2")
	works.wants(t, "o-2 confirmed")
}

// TestOffice_TellsLevelsTogether: of a level that changes often the newest is
// told, and the last one always is.
func TestOffice_TellsLevelsTogether(t *testing.T) {
	c := impatient()
	c.Coalesce = 50 * time.Millisecond
	w, shop := newWorld(t, c), newShop(t)
	w.add(shop.URL, LevelChanged)
	for range 200 {
		w.receive(1)
	}
	shop.until(t, "the last level is told", func() bool {
		shop.mu.Lock()
		defer shop.mu.Unlock()
		n := len(shop.took)
		return n > 0 && strings.Contains(string(shop.took[n-1].event.Data), `"on_hand":1000200`)
	})
	shop.inOrder(t)
	if n := len(shop.heard()); n >= 200 {
		t.Errorf("%d deliveries of 200 changes", n)
	}
}

func TestOffice_RemovesAnEndpointWithItsLetters(t *testing.T) {
	w, shop := newWorld(t, impatient()), newShop(t)
	hook := w.add(shop.URL)
	w.order("o-1")
	shop.wants(t, "o-1 confirmed")
	if _, err := w.office.DeleteWebhook(t.Context(), &forestockv1.DeleteWebhookRequest{Name: hook.GetName()}); err != nil {
		t.Fatal(err)
	}
	if n, err := count(w.store, "webhook/"); n != 0 || err != nil {
		t.Errorf("%d rows are left, %v", n, err)
	}
	for _, f := range []func(context.Context) error{
		func(ctx context.Context) error {
			_, err := w.office.DeleteWebhook(ctx, &forestockv1.DeleteWebhookRequest{Name: hook.GetName()})
			return err
		},
		func(ctx context.Context) error {
			_, err := w.office.ReplayWebhook(ctx, &forestockv1.ReplayWebhookRequest{Name: hook.GetName()})
			return err
		},
		func(ctx context.Context) error {
			_, err := w.office.ListDeadLetters(ctx, &forestockv1.ListDeadLettersRequest{Parent: hook.GetName()})
			return err
		},
	} {
		if err := f(t.Context()); status.Code(err) != codes.NotFound {
			t.Errorf("of a webhook that is gone: %v", err)
		}
	}
}
