package store

import "sync"

// bell wakes everybody who waits for the next ring. The zero bell is ready.
type bell struct {
	mu   sync.Mutex // guards next
	next chan struct{}
}

// wait gives a channel that the next ring closes. Take it before looking at
// what the ring is about, or the ring in between is missed.
func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.next
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}
