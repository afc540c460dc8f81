package storetest

import (
	"context"
	"sync"
	"testing"
)

// runner is a store as one runs it.
type runner interface {
	Run(ctx context.Context) error
	Close() error
}

// Serve runs a store and what stands before it. It gives a function that ends
// all of it in order, the store last, and closes the store; to call it again
// does nothing. An error of any of them fails the test.
func Serve(tb testing.TB, s runner, fronts ...func(context.Context) error) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	back, stopStore := context.WithCancel(context.Background())
	var before, behind sync.WaitGroup
	check := func(err error) {
		if err != nil {
			tb.Errorf("ended with %v", err)
		}
	}
	behind.Go(func() { check(s.Run(back)) })
	for _, run := range fronts {
		before.Go(func() { check(run(ctx)) })
	}
	return sync.OnceFunc(func() {
		cancel()
		before.Wait()
		stopStore()
		behind.Wait()
		check(s.Close())
	})
}
