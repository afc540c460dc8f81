package sim

import (
	"math/rand/v2"
	"sync"
)

// ScannerConfig says what scanner is simulated.
type ScannerConfig struct {
	Prefix string
	Suffix string // default CR; a scanner without one has "none"
	Seed   uint64 // of everything random
}

// Scanner is a simulated barcode scanner at the end of a cable. Its methods may be called from any goroutine.
type Scanner struct {
	cable *Cable
	cfg   ScannerConfig

	mu     sync.Mutex // guards the rest; held while a code is sent, so that codes do not mix
	faults Faults
	mangle mangler
}

// NewScanner puts a scanner at the end of a cable.
func NewScanner(cable *Cable, cfg ScannerConfig) *Scanner {
	switch cfg.Suffix {
	case "":
		cfg.Suffix = "\r"
	case "none":
		cfg.Suffix = ""
	}
	return &Scanner{cable: cable, cfg: cfg, mangle: mangler{dice: rand.New(rand.NewPCG(cfg.Seed, 3))}}
}

// Bend sets the faults from now on.
func (s *Scanner) Bend(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// Scan sends what the scanner reads, with a symbology identifier if the scanner is to send one, such as
// "]E06901234567892". The error is ErrUnplugged when the cable did not carry it.
func (s *Scanner) Scan(code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	pieces := s.mangle.apply(s.faults, []byte(s.cfg.Prefix+code+s.cfg.Suffix))
	if !write(nil, s.cable, pieces) {
		return ErrUnplugged
	}
	return nil
}
