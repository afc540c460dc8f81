package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/forestock/forestock/hub/client"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// A shopper pays: hold the stock first, then make it an order.
func Example() {
	c, err := client.New("hub.example:9090", "the shop's token", client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()

	// The id is the platform's own: whoever repeats the call gets the same hold.
	hold, err := c.Try(ctx, &forestockv1.CreateReservationRequest{
		ReservationId: "order-4711",
		Reservation: &forestockv1.Reservation{
			Warehouse: "warehouses/dark-01",
			Lines:     []*forestockv1.ReservationLine{{Sku: "milk-1l", Quantity: 2}},
		},
	})
	if short, ok := errors.AsType[*client.ShortError](err); ok {
		for _, s := range short.Shortages {
			fmt.Printf("only %d of %s\n", s.GetAvailable(), s.GetSku())
		}
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("held until", hold.GetExpireTime().AsTime())
	if _, err := c.Confirm(ctx, "order-4711"); err != nil {
		log.Fatal(err)
	}
}

// Follow what becomes of orders. Keep the token with what was done about the
// event: the watch goes on behind it after a crash of this program.
func ExampleClient_Events() {
	c, err := client.New("hub.example:9090", "the shop's token", client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	keep := func(token string) { fmt.Println("go on behind", token) }
	for r, err := range c.Events(context.Background(), "the token that was kept") {
		if errors.Is(err, client.ErrTokenLost) {
			log.Fatal("list the reservations, then follow without a token")
		}
		if err != nil {
			log.Fatal(err)
		}
		if e := r.GetEvent(); e != nil {
			fmt.Println(e.GetReservation().GetName(), e.GetType())
		}
		keep(r.GetResumeToken())
	}
}

// Many shoppers at once share one stream, and each waits for its own answer.
func ExampleStream() {
	c, err := client.New("hub.example:9090", "the shop's token", client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	s := c.Stream()
	go func() {
		if err := s.Run(ctx); err != nil {
			log.Print(err)
		}
	}()
	if _, err := s.Confirm(ctx, "order-4711"); err != nil {
		log.Print(err)
	}
}
