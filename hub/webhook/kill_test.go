package webhook

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// childFolder and childRound tell a child of this test what to do.
const (
	childFolder = "FORESTOCK_TEST_FOLDER"
	childRound  = "FORESTOCK_TEST_ROUND"
)

// TestChild_SellsUntilItIsKilled is no test of its own: it is the process that
// TestOffice_LosesNothingWhenItIsKilled kills.
func TestChild_SellsUntilItIsKilled(t *testing.T) {
	dir, round := os.Getenv(childFolder), os.Getenv(childRound)
	if dir == "" {
		t.Skip("only as a child")
	}
	w := &world{t: t, dir: dir, config: impatient(), box: storetest.NewBox(stock.Warehouse("wh-"+round), 1)}
	w.open()
	w.box.Hear(w.apply(w.box.Hello()))
	w.receive(1_000_000)
	for i := 0; ; i++ {
		id := fmt.Sprintf("r%s-%d", round, i)
		w.order(id)
		fmt.Println("sold", id)
	}
}

// TestOffice_LosesNothingWhenItIsKilled: a hub is killed again and again while
// it sells and an endpoint takes two events of three. What was acknowledged is
// told in the end, and in order.
func TestOffice_LosesNothingWhenItIsKilled(t *testing.T) {
	w, shop := newWorld(t, impatient()), newShop(t)
	hook := w.add(shop.URL)
	tries := 0
	shop.setJudge(func(delivery) int {
		shop.mu.Lock()
		defer shop.mu.Unlock()
		if tries++; tries%3 == 0 {
			return http.StatusBadGateway
		}
		return http.StatusOK
	})
	var want []string
	for round := range 3 {
		w.stop()
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild_SellsUntilItIsKilled$", "-test.v")
		child.Env = append(os.Environ(), childFolder+"="+w.dir, fmt.Sprint(childRound, "=", round+2))
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines, sold := bufio.NewScanner(out), 0
		for sold < 60 && lines.Scan() {
			if id, ok := strings.CutPrefix(lines.Text(), "sold "); ok {
				want = append(want, id+" tried", id+" confirmed")
				sold++
			}
		}
		_ = child.Process.Kill()
		if err := child.Wait(); err == nil || sold < 60 {
			t.Fatalf("the child sold %d and ended with %v, it was to be killed", sold, err)
		}
		w.open()
	}
	shop.wants(t, want...)
	shop.inOrder(t)
	if h := w.hook(hook.GetName()); h.GetDead() > 0 {
		t.Errorf("%d events were given up", h.GetDead())
	}
}
