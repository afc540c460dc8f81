// Package printertest is a label printer without paper: it understands ZPL and
// TSPL as the manuals have them, shares no code with what writes them, answers how
// it is, keeps what it cannot print, and forgets it when its power goes.
package printertest

import (
	"bytes"
	"fmt"
	"image"
	"io"
	"net"
	"sync"
	"testing"
)

// Condition is how a printer is.
type Condition struct {
	PaperOut, HeadOpen, Paused, Hot bool
	Mute                            bool // it answers nothing
}

// Label is one that was printed.
type Label struct {
	Picture *image.Gray // 0 is dark
	Copies  int
}

// Printer is a label printer. Its methods are safe for concurrent use.
type Printer struct {
	language string // zpl or tspl

	mu        sync.Mutex
	condition Condition // guarded by mu, as all below
	roll      int       // labels that are left; below zero for ever
	held      []Label   // in its memory
	printed   []Label
	fault     error
}

// New makes a printer of a language, zpl or tspl.
func New(language string) *Printer { return &Printer{language: language, roll: -1} }

// Load puts in a roll of so many labels. That it is empty the printer notices
// when it needs one more.
func (p *Printer) Load(labels int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.roll, p.condition.PaperOut = labels, false
	p.feed()
}

// Become changes how the printer is. What it holds is printed when it can.
func (p *Printer) Become(c Condition) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.condition = c
	p.feed()
}

// Printed gives what came out so far, and what was not understood.
func (p *Printer) Printed() ([]Label, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Label(nil), p.printed...), p.fault
}

// Held gives how many labels wait in its memory.
func (p *Printer) Held() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.held)
}

// feed prints what is held; the caller holds the lock.
func (p *Printer) feed() {
	c := p.condition
	if c.PaperOut || c.HeadOpen || c.Paused || c.Hot {
		return
	}
	for len(p.held) > 0 {
		if p.roll == 0 {
			p.condition.PaperOut = true
			return
		}
		p.roll--
		p.printed, p.held = append(p.printed, p.held[0]), p.held[1:]
	}
}

// Power is a printer that is switched on, on a TCP port of its own.
type Power struct {
	printer  *Printer
	listener net.Listener
	wait     sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn // guarded by mu
}

// On switches the printer on at an address, such as 127.0.0.1:0.
func (p *Printer) On(tb testing.TB, address string) *Power {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	power := &Power{printer: p, listener: l}
	power.wait.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			power.mu.Lock()
			power.conns = append(power.conns, conn)
			power.mu.Unlock()
			power.wait.Go(func() { p.Serve(conn) })
		}
	})
	tb.Cleanup(power.Off)
	return power
}

// Address gives host:port.
func (w *Power) Address() string { return w.listener.Addr().String() }

// Off cuts the power: what the printer held is gone.
func (w *Power) Off() {
	w.listener.Close()
	w.Cut()
	w.wait.Wait()
	w.printer.mu.Lock()
	defer w.printer.mu.Unlock()
	w.printer.held = nil
}

// Cut cuts the lines; the printer stays on, with what it holds.
func (w *Power) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

// Serve understands one line until it ends.
func (p *Printer) Serve(line io.ReadWriter) {
	var buffer []byte
	chunk := make([]byte, 4096)
	for {
		n, err := line.Read(chunk)
		if err != nil {
			return
		}
		buffer = append(buffer, chunk[:n]...)
		for {
			used, answer := p.take(buffer)
			if used == 0 {
				break
			}
			buffer = buffer[used:]
			if len(answer) > 0 {
				if _, err := line.Write(answer); err != nil {
					return
				}
			}
		}
	}
}

// take understands the beginning of what came: so many bytes, and what to answer.
func (p *Printer) take(b []byte) (used int, answer []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.language == "zpl" {
		return p.takeZPL(b)
	}
	return p.takeTSPL(b)
}

func (p *Printer) got(l Label, err error) {
	if err != nil {
		p.fault = fmt.Errorf("%s: %w", p.language, err)
		return
	}
	p.held = append(p.held, l)
	p.feed()
}

// paper is a picture that is all white.
func paper(w, h int) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, w, h))
	copy(g.Pix, bytes.Repeat([]byte{255}, len(g.Pix)))
	return g
}
