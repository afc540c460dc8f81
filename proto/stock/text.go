package stock

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// CheckText refuses a text that is over 128 bytes long, not UTF-8, or holds a
// control character: such a text breaks a label, a log line or a key.
func CheckText(s string) error {
	if len(s) > maxText {
		return fmt.Errorf("%w text %.20q…: over %d bytes", ErrInvalid, s, maxText)
	}
	if printable(s) {
		return nil // nearly all texts are
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w text %q: not UTF-8", ErrInvalid, s)
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return fmt.Errorf("%w text %q: holds a control character", ErrInvalid, s)
		}
	}
	return nil
}

// printable reports whether s is nothing but printable ASCII.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
