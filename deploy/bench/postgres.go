package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresShop does with PostgreSQL what shops do with it: a transaction that
// decrements each SKU where there is enough, in one order of SKUs so that none
// waits in a circle, and inserts the order.
type postgresShop struct {
	pool   *pgxpool.Pool
	server *exec.Cmd
}

// newPostgres starts a PostgreSQL in a folder of its own. It refuses to run as
// root, so root runs it as the user that its package made.
func newPostgres(ctx context.Context, dir string, a assortment, connections int) (*postgresShop, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // the pattern is a right one
	if len(found) == 0 {
		return nil, fmt.Errorf("postgres %w postgresql", errMissing)
	}
	bin := filepath.Dir(slices.Max(found))
	as, err := notRoot(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	prepare := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "bench", "--auth=trust", "--no-locale", "-E", "UTF8")
	prepare.SysProcAttr, prepare.Dir = as, dir
	if out, err := prepare.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	p := &postgresShop{server: exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", port, "-k", dir,
		"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=128", "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB",
		"-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "log_min_messages=fatal")}
	p.server.SysProcAttr, p.server.Dir = as, dir
	if err := p.server.Start(); err != nil {
		return nil, err
	}
	err = p.connect(ctx, fmt.Sprintf("postgres://bench@127.0.0.1:%s/postgres?pool_max_conns=%d", port, connections), a)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// notRoot gives a folder to the user postgres, and what runs a program as that
// user; nothing has to be done for others than root.
func notRoot(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("postgres does not run as root: %w", err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	// The way to the folder has to be open too.
	err = errors.Join(err1, err2, os.Chown(dir, uid, gid), os.Chmod(filepath.Dir(dir), 0o711))
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, err
}

func (p *postgresShop) connect(ctx context.Context, url string, a assortment) (err error) {
	if p.pool, err = pgxpool.New(ctx, url); err != nil {
		return err
	}
	if err := answers(ctx, func() error { return p.pool.Ping(ctx) }); err != nil {
		return err
	}
	_, err = p.pool.Exec(ctx, `
		CREATE TABLE stock (warehouse text, sku text, available int NOT NULL CHECK (available >= 0), PRIMARY KEY (warehouse, sku)) WITH (fillfactor = 50);
		CREATE TABLE orders (id text PRIMARY KEY, body text NOT NULL, expires timestamptz NOT NULL DEFAULT now() + interval '15 minutes');`)
	if err != nil {
		return err
	}
	_, err = p.pool.Exec(ctx, `INSERT INTO stock SELECT 'wh-' || lpad(w::text, 4, '0'), 'sku-' || lpad(s::text, 5, '0'), $3
		FROM generate_series(0, $1 - 1) w, generate_series(0, $2 - 1) s`, a.Warehouses, a.SKUs, a.OnHand)
	return err
}

// Close stops the server: at once, as nobody needs its data.
func (p *postgresShop) Close() error {
	if p.pool != nil {
		p.pool.Close()
	}
	_ = p.server.Process.Signal(syscall.SIGINT) // it has ended by itself, or ends now
	_ = p.server.Wait()                         // how it ended says nothing
	return nil
}

func (p *postgresShop) sell(ctx context.Context, _ int, orders []order, want bool) error {
	for i := range orders {
		got, err := p.one(ctx, &orders[i])
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("order %s: %v", orders[i].id, got)
		}
	}
	return nil
}

// one sells one order: three round trips, as the statements travel together.
func (p *postgresShop) one(ctx context.Context, o *order) (sold bool, err error) {
	tx, err := p.pool.Begin(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		if !sold {
			err = errors.Join(err, tx.Rollback(ctx))
		}
	}()
	skus := slices.Sorted(slices.Values(o.skus[:]))
	b := new(pgx.Batch)
	for _, sku := range skus {
		b.Queue(`UPDATE stock SET available = available - $3 WHERE warehouse = $1 AND sku = $2 AND available >= $3`, string(o.warehouse), sku, 1)
	}
	b.Queue(`INSERT INTO orders (id, body) VALUES ($1, $2)`, o.id, record(o))
	results := tx.SendBatch(ctx, b)
	short := false
	for range skus {
		tag, err := results.Exec()
		if err != nil {
			return false, errors.Join(err, results.Close())
		}
		short = short || tag.RowsAffected() == 0
	}
	if err := results.Close(); err != nil || short {
		return false, err
	}
	return true, tx.Commit(ctx)
}
