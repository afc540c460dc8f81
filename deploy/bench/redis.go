package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisShop does with Redis what shops do with it: a script that checks,
// decrements and records the id, so that a repeated order gets its first
// answer.
type redisShop struct {
	client *redis.Client
	server *exec.Cmd
}

// take is the script. KEYS are the order and its SKUs, ARGV what is recorded,
// how long for, and the quantities.
var take = redis.NewScript(`
local known = redis.call('GET', KEYS[1])
if known then return known end
for i = 2, #KEYS do
  if tonumber(redis.call('GET', KEYS[i]) or '0') < tonumber(ARGV[i + 1]) then return 0 end
end
for i = 2, #KEYS do redis.call('DECRBY', KEYS[i], ARGV[i + 1]) end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
`)

// errMissing says that a peer is not installed.
var errMissing = errors.New("is not installed: leave this part out with -only, or apt-get install")

// newRedis starts a Redis in a folder of its own, with its append-only file
// synced always (before every answer) or everysec.
func newRedis(ctx context.Context, dir, sync string, a assortment) (*redisShop, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("redis-server %w redis-server", errMissing)
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	r := &redisShop{server: exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", sync, "--loglevel", "warning")}
	r.server.Stderr = os.Stderr
	if err := r.server.Start(); err != nil {
		return nil, err
	}
	r.client = redis.NewClient(&redis.Options{Addr: net.JoinHostPort("127.0.0.1", port), PoolSize: 64, ReadTimeout: 30 * time.Second})
	if err := errors.Join(answers(ctx, func() error { return r.client.Ping(ctx).Err() }), r.fill(ctx, a)); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *redisShop) fill(ctx context.Context, a assortment) error {
	p := r.client.Pipeline()
	for w := range a.Warehouses {
		for i := range a.SKUs {
			p.Set(ctx, stockKey(string(warehouseName(w)), skuName(i)), a.OnHand, 0)
		}
	}
	_, err := p.Exec(ctx)
	return errors.Join(err, take.Load(ctx, r.client).Err())
}

// Close stops the server.
func (r *redisShop) Close() error {
	_ = r.client.Close()                      // it is given up
	_ = r.server.Process.Signal(os.Interrupt) // it has ended by itself, or ends now
	_ = r.server.Wait()                       // how it ended says nothing
	return nil
}

func stockKey(w, sku string) string { return "stock:" + w + ":" + sku }

// record is what a script records of an order: about as many bytes as the hub
// writes for it.
func record(o *order) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"state":"TRIED","warehouse":%q,"ref":%q,"channel":"app","expires":%d,"lines":[`, o.warehouse, o.id, 1_800_000_000)
	for i, sku := range o.skus {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"sku":%q,"n":1}`, sku)
	}
	b.WriteString("]}")
	return b.String()
}

func (o *order) redis() (keys []string, args []any) {
	keys, args = []string{"order:" + o.id}, []any{record(o), 900}
	for _, sku := range o.skus {
		keys, args = append(keys, stockKey(string(o.warehouse), sku)), append(args, 1)
	}
	return keys, args
}

func (r *redisShop) sell(ctx context.Context, _ int, orders []order, want bool) error {
	if len(orders) == 1 {
		keys, args := orders[0].redis()
		return verdict(take.EvalSha(ctx, r.client, keys, args...), want)
	}
	p := r.client.Pipeline()
	answers := make([]*redis.Cmd, len(orders))
	for i := range orders {
		keys, args := orders[i].redis()
		answers[i] = take.EvalSha(ctx, p, keys, args...)
	}
	if _, err := p.Exec(ctx); err != nil {
		return err
	}
	for _, a := range answers {
		if err := verdict(a, want); err != nil {
			return err
		}
	}
	return nil
}

func verdict(c *redis.Cmd, want bool) error {
	n, err := c.Int()
	if err == nil && (n == 1) != want {
		err = errors.New("redis answered " + strconv.Itoa(n))
	}
	return err
}

// freePort gives a port of loopback that is free now.
func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// answers waits until a server that was just started answers.
func answers(ctx context.Context, ask func() error) error {
	const patience = 30 * time.Second
	deadline := time.Now().Add(patience)
	for {
		err := ask()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
