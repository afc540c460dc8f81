package uplink_test

import (
	"context"
	"net"
	"net/url"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/topic"
	"github.com/forestock/forestock/proto/wire"
)

// The scenarios of this package must be able to fail. Here two sides do what
// DESIGN.md forbids, and the same checks see that entries are lost.

// A hub that answers from memory, and loses what it answered when it stops.
func TestControl_AHubThatAnswersBeforeItStoresLoses(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		a.journal.receive(t, 50)
		w.settled(30*time.Second, a)
		disk := w.store.backup()
		a.journal.receive(t, 50)
		w.settled(30*time.Second, a)
		w.stopHub()
		w.store.reload(disk)
		// An agent that trims what is acknowledged has nothing to send again.
		trimmed := a.journal.storedUpto()
		st, _ := w.store.Warehouse(a.id)
		if st.Applied >= trimmed {
			t.Errorf("the hub has %d, the agent would have trimmed up to %d: the loss is not seen", st.Applied, trimmed)
		}
		a.stop()
	})
}

// A sender that takes the completed token of the MQTT library for delivery.
func TestControl_ASenderThatTrustsTokensLoses(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		a.journal.receive(t, 10)
		w.settled(30*time.Second, a)
		session := a.link.Status().Session
		a.stop()

		codec, err := wire.NewCodec()
		if err != nil {
			t.Fatal(err)
		}
		client := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://hub:1883").SetClientID("sh-1").SetCleanSession(true).
			SetAutoReconnect(true).SetMaxReconnectInterval(time.Second).
			SetCustomOpenConnectionFn(func(u *url.URL, _ paho.ClientOptions) (net.Conn, error) {
				return w.net.dial(context.Background(), u.Host)
			}))
		client.Connect().Wait()
		a.journal.receive(t, 20)
		w.net.cut()
		time.Sleep(time.Second) // it knows that the line is gone, and reconnects
		batch, _, _ := a.journal.Read(t.Context(), 10, 20, 1<<16)
		frame, err := codec.Encode(&wire.Frame{Epoch: a.journal.epoch, Session: session, Body: &wire.Batch{Batch: batch, Last: 30}})
		if err != nil {
			t.Fatal(err)
		}
		token := client.Publish(topic.Up(a.id), 0, false, frame)
		w.net.mend()
		if !token.WaitTimeout(time.Minute) || token.Error() != nil {
			t.Fatalf("the token says %v: this version of the library no longer lies", token.Error())
		}
		a.journal.Stored(t.Context(), batch.To())
		time.Sleep(time.Minute)
		st, _ := w.store.Warehouse(a.id)
		if st.Applied >= a.journal.storedUpto() {
			t.Errorf("the hub has %d, the sender believes %d: the loss is not seen", st.Applied, a.journal.storedUpto())
		}
		client.Disconnect(100)
		w.stopHub()
	})
}

// Two levels that differ by one piece are noticed at the next digest, and named.
func TestLink_ADifferenceIsNamedCellByCell(t *testing.T) {
	bubble(t, func(w *world) {
		t := w.t
		w.startHub()
		a := w.newAgent("sh-1")
		a.start()
		a.journal.receive(t, 100)
		w.settled(30*time.Second, a)
		if c := w.desk.Contact(a.id); len(c.Differ) != 0 {
			t.Fatalf("differences before anything differs: %+v", c)
		}
		// A bit of the agent's memory flips.
		cell := stock.Cell{SKU: "sku-3", Bin: "B-3"}
		a.journal.mu.Lock()
		want := a.journal.sheet.OnHand(cell)
		a.journal.sheet.Apply(&stock.Movement{Kind: stock.Adjust, SKU: cell.SKU, Bin: cell.Bin, Delta: 1})
		a.journal.mu.Unlock()
		a.journal.receive(t, 1)
		time.Sleep(30 * time.Second)
		c := w.desk.Contact(a.id)
		if len(c.Differ) != 1 || c.Differ[0].Cell != cell || c.Differ[0].Hub != want || c.Differ[0].Agent != want+1 {
			t.Errorf("differences %+v, want %s: %d against %d", c.Differ, cell.SKU, want, want+1)
		}
		// It is put right, and forgotten.
		a.journal.mu.Lock()
		a.journal.sheet.Apply(&stock.Movement{Kind: stock.Adjust, SKU: cell.SKU, Bin: cell.Bin, Delta: -1})
		a.journal.mu.Unlock()
		a.journal.receive(t, 1)
		time.Sleep(30 * time.Second)
		if c := w.desk.Contact(a.id); len(c.Differ) != 0 {
			t.Errorf("differences are still told: %+v", c.Differ)
		}
		w.settled(30*time.Second, a)
		a.stop()
		w.stopHub()
	})
}
