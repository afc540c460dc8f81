package scanner

import (
	"errors"
	"fmt"
	"time"
)

// Config says how a scanner frames what it sends.
type Config struct {
	// Prefix stands before each code and is taken off; a code without it is Broken. Empty means none. A leading STX is taken
	// off in any case.
	Prefix string
	// Suffixes end a code; the longest that fits is taken off. Nil means any of CR, LF, CR LF, TAB and ETX, and the first
	// code may also end with Gap, until the scanner is seen to send a suffix. Empty but not nil means that the scanner sends
	// none, and each code ends with Gap.
	Suffixes []string
	// Gap is how long the line must be quiet for a code without a suffix to be over, or for a fragment to be given up.
	Gap time.Duration
	// NoRead is what the scanner sends when it reads nothing; empty means never.
	NoRead string
	// SSI says that the scanner sends packets and waits for an answer to each; prefix, suffixes and NoRead do not apply.
	SSI bool
	// Repeat is how soon after a code the same code counts as a double read; 0 means never.
	Repeat time.Duration
}

// DefaultConfig fits scanners as they leave the factory.
func DefaultConfig() Config {
	return Config{Gap: 100 * time.Millisecond, NoRead: "NR", Repeat: 500 * time.Millisecond}
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	for _, s := range c.Suffixes {
		if s == "" || len(s) > maxSuffix {
			return fmt.Errorf("suffix %q: want 1 to %d bytes, or an empty list for a scanner that sends none", s, maxSuffix)
		}
	}
	switch {
	case c.Gap < 0 || c.Repeat < 0:
		return fmt.Errorf("gap %v, repeat %v: want 0 or more", c.Gap, c.Repeat)
	case c.Gap == 0 && c.Suffixes != nil && len(c.Suffixes) == 0:
		return errors.New("no suffix and no gap: nothing ends a code")
	case len(c.Prefix) > maxScan:
		return fmt.Errorf("prefix of %d bytes: want at most %d", len(c.Prefix), maxScan)
	}
	return nil
}

// names are the control characters as people write them in configuration.
var names = map[string]string{
	"CR": "\r", "LF": "\n", "CRLF": "\r\n", "TAB": "\t", "STX": "\x02", "ETX": "\x03", "EOT": "\x04", "GS": "\x1d",
	"SPACE": " ", "NONE": "",
}

// ParseName reads a prefix or suffix as people write it: CR, LF, CRLF, TAB, STX, ETX, EOT, SPACE, NONE, or the characters
// themselves.
func ParseName(s string) string {
	if c, ok := names[s]; ok {
		return c
	}
	return s
}
