package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"
)

// call repeats a call until the hub has answered it, or the context ends. An
// answer that was lost is asked for again: the id makes that the same call.
func call[Q, A any](ctx context.Context, c *Client, what string, method func(context.Context, *Q, ...grpc.CallOption) (*A, error), req *Q) (*A, error) {
	for failures := 1; ; failures++ {
		attempt, cancel := context.WithTimeout(c.as(ctx), c.options.Attempt)
		answer, err := method(attempt, req)
		cancel()
		if err == nil {
			return answer, nil
		}
		if err = errorOf(err); !again(err) || over(ctx) || !c.options.wait(ctx, failures, err) {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
	}
}

// wait waits before the next attempt, and reports whether there is time for one.
func (o *Options) wait(ctx context.Context, failures int, err error) bool {
	d := o.delay(failures, err)
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= d {
		return false // an answer now is worth more than one that comes too late
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// delay doubles from failure to failure, spread between a half and the whole,
// and is no shorter than what the hub asked for.
func (o *Options) delay(failures int, err error) time.Duration {
	d := o.MaxDelay
	if failures < 20 {
		d = min(d, o.FirstDelay<<(failures-1))
	}
	d = d/2 + rand.N(d/2+1)
	if e, ok := errors.AsType[*Error](err); ok {
		d = max(d, e.RetryAfter)
	}
	return d
}
