package webhook

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// rest sends a request to the hub, and gives the status and the answer.
func (w *world) rest(method, path, body string) (int, map[string]any) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, "http://"+w.server.HTTPAddr().String()+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		w.t.Fatalf("%s %s: %v in %q", method, path, err, text)
	}
	return resp.StatusCode, out
}

// The whole life of an endpoint over REST: added, told, its secret changed, given
// up, delivered after all, replayed, removed.
func TestREST_AnEndpointFromItsFirstToItsLastDay(t *testing.T) {
	c := impatient()
	c.GiveUp = 100 * time.Millisecond
	w, shop := newWorld(t, c), newShop(t)
	do := func(want int, method, path, body string) map[string]any {
		t.Helper()
		status, out := w.rest(method, path, body)
		if status != want {
			t.Fatalf("%s %s: HTTP %d %v, want %d", method, path, status, out, want)
		}
		return out
	}
	reason := func(out map[string]any) string { return out["error"].(map[string]any)["reason"].(string) }

	if got := reason(do(http.StatusBadRequest, "POST", "/v1/webhooks", `{"webhook": {"url": "ftp://shop.example"}, "by": "Li"}`)); got != invalidWebhook {
		t.Errorf("a URL that is none: %s", got)
	}
	hook := do(http.StatusOK, "POST", "/v1/webhooks", `{"webhook": {"url": "`+shop.URL+`", "types": ["reservation.*"]}, "by": "Li"}`)
	name, secret := hook["name"].(string), hook["secret"].(string)
	w.order("o-1")
	shop.wants(t, "o-1 tried", "o-1 confirmed")

	rotated := do(http.StatusOK, "POST", "/v1/"+name+":rotateSecret", `{"overlap": "3600s", "by": "Wang"}`)
	if rotated["secret"] == secret || rotated["rotator"] != "Wang" || rotated["old_secret_expire_time"] == nil {
		t.Errorf("the secret was changed: %v", rotated)
	}
	w.order("o-2")
	shop.wants(t, "o-2 confirmed")
	header := shop.took[len(shop.took)-1].header.Get("Webhook-Signature")
	if both := strings.Fields(header); len(both) != 2 || !strings.HasPrefix(both[0], "v1,") || !strings.HasPrefix(both[1], "v1,") || both[0] == both[1] {
		t.Errorf("signed with %q, want two signatures", header)
	}
	if got := reason(do(http.StatusBadRequest, "POST", "/v1/"+name+":rotateSecret", `{"overlap": "9999999s", "by": "Wang"}`)); got != invalidWebhook {
		t.Errorf("for a hundred days: %s", got)
	}

	shop.setJudge(func(delivery) int { return http.StatusInternalServerError })
	w.order("o-3")
	shop.until(t, "two dead letters", func() bool {
		all := do(http.StatusOK, "GET", "/v1/webhooks", "")["webhooks"].([]any)
		one := all[0].(map[string]any)
		return len(all) == 1 && one["secret"] == "" && one["dead"] == float64(2)
	})
	letters := do(http.StatusOK, "GET", "/v1/"+name+"/deadLetters?page_size=1", "")
	if one := letters["letters"].([]any); len(one) != 1 || letters["next_page_token"] == "" || one[0].(map[string]any)["subject"] != "reservations/o-3" {
		t.Errorf("a page of dead letters: %v", letters)
	}
	shop.setJudge(nil)
	if got := do(http.StatusOK, "POST", "/v1/"+name+"/deadLetters:redeliver", "{}")["redelivered"]; got != float64(2) {
		t.Errorf("%v letters are tried again", got)
	}
	shop.wants(t, "o-3 tried", "o-3 confirmed")

	shop.forget()
	do(http.StatusOK, "POST", "/v1/"+name+":replay", "{}")
	shop.wants(t, "o-1 tried", "o-2 confirmed", "o-3 confirmed")
	if got := reason(do(http.StatusBadRequest, "POST", "/v1/"+name+":replay", `{"from_event": "nonsense"}`)); got != invalidWebhook {
		t.Errorf("an event that is none: %s", got)
	}
	do(http.StatusOK, "DELETE", "/v1/"+name, "")
	if got := reason(do(http.StatusNotFound, "DELETE", "/v1/"+name, "")); got != unknownWebhook {
		t.Errorf("removed twice: %s", got)
	}
}
