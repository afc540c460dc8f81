package api

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"google.golang.org/grpc/codes"
)

// follower is one watch, as relay sees it.
type follower[U any] interface {
	// turn tells what no update of the feed tells, at the beginning and whenever the
	// channel that it gave is closed; a nil channel never is.
	turn() (<-chan struct{}, error)
	// take sends one update on.
	take(u *U) error
	// idle says that the stream is still there.
	idle() error
}

// pace is what the watches of a service have in common.
type pace struct {
	bookmark time.Duration // how long a stream may be silent
	closing  <-chan struct{}
}

// relay takes a feed into a stream until one side ends. Between them is room for
// nothing, so that what waits for a slow reader is one update.
func relay[U any](ctx context.Context, p pace, feed func(context.Context) (U, error), r follower[U]) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	updates, ended := make(chan U), make(chan error, 1)
	go func() { ended <- pump(ctx, feed, updates) }()
	err := forward(ctx, p, updates, ended, r)
	cancel()
	for range updates { // pump closes it, and is over then
	}
	return err
}

func forward[U any](ctx context.Context, p pace, updates <-chan U, ended <-chan error, r follower[U]) error {
	idle := time.NewTimer(p.bookmark)
	defer idle.Stop()
	turned, err := r.turn()
	for err == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.closing:
			return refuse(codes.Unavailable, ShuttingDown, "the hub shuts down; watch again with the last resume_token").after(time.Second)
		case <-turned:
			turned, err = r.turn()
		case u, ok := <-updates:
			if !ok {
				return <-ended
			}
			err = r.take(&u)
		case <-idle.C:
			err = r.idle()
		}
		idle.Reset(p.bookmark)
	}
	return err
}

// pump hands over what the feed gives until one of the two ends. The gate
// catches what panics in the call's own goroutine; this one is ours to catch.
func pump[U any](ctx context.Context, feed func(context.Context) (U, error), updates chan<- U) (err error) {
	defer close(updates)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("watch: the feed panicked: %v\n%s", p, debug.Stack())
		}
	}()
	for {
		u, err := feed(ctx)
		if err != nil {
			return err
		}
		select {
		case updates <- u:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
