package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"

	_ "modernc.org/sqlite"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// sqliteKeeper does the ledger's work with SQLite: the same encoding, the same
// hash chain, the same check of command ids in memory, and the same grouping
// of whatever waits into one commit.
type sqliteKeeper struct {
	db     *sql.DB
	queue  chan *pending
	done   sync.WaitGroup
	head   stock.Hash
	last   stock.Seq
	levels stock.Sheet
	known  map[string]bool
}

type pending struct {
	entry  stock.Entry
	answer chan error
}

func openSQLite(dir string) (keeper, error) {
	dsn := "file:" + filepath.Join(dir, "journal.sqlite") + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE journal (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, body BLOB NOT NULL)`); err != nil {
		return nil, err
	}
	k := &sqliteKeeper{db: db, queue: make(chan *pending, 1000), known: make(map[string]bool)}
	k.done.Go(k.write)
	return k, nil
}

func (k *sqliteKeeper) save(_ context.Context, n int) error {
	p := &pending{stock.Entry{Command: fmt.Sprintf("bench-%d", n), Movement: movement(n)}, make(chan error, 1)}
	k.queue <- p
	return <-p.answer
}

func (k *sqliteKeeper) write() {
	insert, err := k.db.Prepare(`INSERT INTO journal (seq, hash, body) VALUES (?, ?, ?)`)
	for p := range k.queue {
		group := []*pending{p}
		for len(group) < cap(k.queue) && len(k.queue) > 0 {
			group = append(group, <-k.queue)
		}
		if err == nil {
			err = k.commit(insert, group)
		}
		for _, p := range group {
			p.answer <- err
		}
	}
}

func (k *sqliteKeeper) commit(insert *sql.Stmt, group []*pending) error {
	tx, err := k.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	stmt := tx.Stmt(insert)
	for _, p := range group {
		if k.known[p.entry.Command] {
			continue
		}
		k.last++
		p.entry.Seq = k.last
		body, err := wire.EncodeEntry(&p.entry)
		if err != nil {
			return err
		}
		k.head = k.head.Next(body)
		if _, err := stmt.Exec(int64(k.last), k.head[:], body); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	for _, p := range group {
		k.known[p.entry.Command] = true
		k.levels.Apply(&p.entry.Movement)
	}
	return nil
}

func (k *sqliteKeeper) close() error {
	close(k.queue)
	k.done.Wait()
	return k.db.Close()
}
