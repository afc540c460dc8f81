package api

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc/codes"
)

// queue bounds the commands that wait for the store, so that those which are let
// in keep the latency of a disk write instead of that of a queue. Calls that find
// it full are refused at once and told when to come again. Streams have as much
// room of their own, and wait for it: their callers are slowed down by the line.
// It is safe for concurrent use.
type queue struct {
	calls   room
	streams *semaphore.Weighted
}

func newQueue(limit int) *queue {
	return &queue{calls: room{limit: int64(limit)}, streams: semaphore.NewWeighted(int64(limit))}
}

// enter takes places for the commands of a call, and gives the function that
// gives them back.
func (q *queue) enter(n int) (leave func(), _ error) {
	if !q.calls.enterWith(int64(n)) {
		return nil, refuse(codes.ResourceExhausted, Overloaded, "%d commands wait for the store already; try again in a moment", q.calls.limit).after(spread(100 * time.Millisecond))
	}
	return func() { q.calls.leaveWith(int64(n)) }, nil
}

// wait waits for places for the commands of a stream.
func (q *queue) wait(ctx context.Context, n int) (leave func(), _ error) {
	if err := q.streams.Acquire(ctx, int64(n)); err != nil {
		return nil, err
	}
	return func() { q.streams.Release(int64(n)) }, nil
}
