// Package serve lends the serial lines of a scan station's small box over the LAN. Package lend says how, and what is
// promised; package port is the borrower.
//
// One borrower has a device at a time; a second one is told that it is busy. A borrower that says nothing for a while has
// gone, and the device is free again.
package serve

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/forestock/forestock/firmware-bridge/lend"
	"github.com/forestock/forestock/firmware-bridge/port"
)

// Device is a line to lend under a name.
type Device struct {
	Name string
	Port port.Config
}

// maxBorrowers bounds the connections at one time; further ones are closed at once.
const maxBorrowers = 64

// Lender lends devices.
type Lender struct {
	tls     *tls.Config
	devices map[string]*shelf
	epoch   uint64 // this run
	log     *slog.Logger
	slots   chan struct{}
}

// New prepares the devices; Run lends them.
func New(key lend.Key, devices []Device, log *slog.Logger) (*Lender, error) {
	config, err := key.LenderTLS()
	if err != nil {
		return nil, err
	}
	var run [8]byte
	if _, err := rand.Read(run[:]); err != nil {
		return nil, fmt.Errorf("number this run: %w", err)
	}
	l := &Lender{
		tls: config, devices: map[string]*shelf{}, epoch: binary.BigEndian.Uint64(run[:]), log: log,
		slots: make(chan struct{}, maxBorrowers),
	}
	for _, d := range devices {
		if _, twice := l.devices[d.Name]; twice || d.Name == "" {
			return nil, fmt.Errorf("device %q: want a name of its own", d.Name)
		}
		p, err := port.New(d.Port)
		if err != nil {
			return nil, fmt.Errorf("device %s: %w", d.Name, err)
		}
		l.devices[d.Name] = &shelf{name: d.Name, port: p, log: log.With("device", d.Name)}
	}
	return l, nil
}

// Run lends until the context ends; then it closes the listener and returns nil.
func (l *Lender) Run(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	for _, s := range l.devices {
		all.Go(func() { s.keep(ctx) })
	}
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	for {
		conn, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("accept a borrower: %w", err)
		}
		select {
		case l.slots <- struct{}{}:
			all.Go(func() {
				defer func() { <-l.slots }()
				if err := l.handle(ctx, conn); err != nil && ctx.Err() == nil {
					l.log.WarnContext(ctx, "borrower gone", "from", conn.RemoteAddr(), "why", err)
				}
			})
		default:
			err := conn.Close()
			l.log.WarnContext(ctx, "too many borrowers", "from", conn.RemoteAddr(), "close", err)
		}
	}
}

// handle serves one borrower.
func (l *Lender) handle(ctx context.Context, raw net.Conn) error {
	conn := tls.Server(raw, l.tls)
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	defer raw.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * lend.Silence)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	first, err := lend.Read(conn)
	if err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	s, known := l.devices[string(first.Payload)]
	if first.Kind != lend.Borrow || !known {
		return fmt.Errorf("asks for %q, which is not lent here", first.Payload)
	}
	b := &loan{conn: conn, gone: make(chan struct{})}
	if err := b.write(lend.Frame{Kind: lend.Welcome, Payload: binary.BigEndian.AppendUint64(nil, l.epoch)}); err != nil {
		return err
	}
	if !s.lendTo(b) {
		return errors.Join(errors.New("busy"), b.status(0, lend.State{State: string(port.Busy), Why: "another borrower has it"}))
	}
	defer s.takeBack(b)
	var beats sync.WaitGroup
	defer beats.Wait()
	defer b.end()
	beats.Go(b.beat)
	return s.serve(ctx, b)
}
