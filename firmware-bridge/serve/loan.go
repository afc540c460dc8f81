package serve

import (
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/forestock/forestock/firmware-bridge/lend"
)

// loan is one borrower with one device.
type loan struct {
	conn net.Conn
	once sync.Once
	gone chan struct{} // closed by end

	mu sync.Mutex // guards writes to conn
}

// deadline ends a connection on which nothing comes.
func deadline(conn net.Conn) error {
	if err := conn.SetReadDeadline(time.Now().Add(lend.Silence)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	return nil
}

// write sends a frame, or ends the loan: a borrower that does not take what it is sent has gone.
func (b *loan) write(f lend.Frame) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.conn.SetWriteDeadline(time.Now().Add(lend.Silence))
	if err == nil {
		err = lend.Write(b.conn, f)
	}
	if err != nil {
		b.end()
		return fmt.Errorf("write to borrower: %w", err)
	}
	return nil
}

func (b *loan) status(seq uint64, s lend.State) error {
	payload, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return b.write(lend.Frame{Kind: lend.Status, Seq: seq, Payload: payload})
}

// beat says that the lender is there, until the loan ends.
func (b *loan) beat() {
	tick := time.NewTicker(lend.BeatEvery)
	defer tick.Stop()
	for {
		select {
		case <-b.gone:
			return
		case <-tick.C:
			if b.write(lend.Frame{Kind: lend.Beat}) != nil {
				return
			}
		}
	}
}

// end makes everybody who serves the loan return.
func (b *loan) end() {
	b.once.Do(func() {
		close(b.gone)
		b.conn.SetReadDeadline(time.Unix(1, 0)) //nolint:errcheck // fails only when closed, and then nobody reads
	})
}
