package floor

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// Person is somebody who works in the warehouse.
type Person struct {
	Badge      string // six digits, as on the badge's card
	Name       string
	PIN        string // what HashPIN made; empty for none
	Supervisor bool   // may approve what others may not do alone
}

// pinRounds makes trying all ten thousand PINs of a stolen file take minutes
// rather than no time; more would make people wait at the station.
const pinRounds = 20_000

// pinLength is how many digits a PIN has.
const pinLength = 4

// HashPIN gives what the configuration keeps of a PIN of four digits.
func HashPIN(pin string) (string, error) {
	if len(pin) != pinLength || strings.Trim(pin, "0123456789") != "" {
		return "", fmt.Errorf("a PIN has %d digits", pinLength)
	}
	var salt [12]byte
	rand.Read(salt[:])
	key, err := pbkdf2.Key(sha256.New, pin, salt[:], pinRounds, 32)
	if err != nil {
		return "", fmt.Errorf("hash a PIN: %w", err)
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("pbkdf2-sha256$%d$%s$%s", pinRounds, b64.EncodeToString(salt[:]), b64.EncodeToString(key)), nil
}

// pinParts reads what HashPIN made.
func pinParts(hash string) (rounds int, salt, key []byte, err error) {
	bad := fmt.Errorf("pin %.20q…: want what `agent pin` prints", hash)
	parts := strings.Split(hash, "$")
	if len(parts) != 4 || parts[0] != "pbkdf2-sha256" {
		return 0, nil, nil, bad
	}
	rounds, err = strconv.Atoi(parts[1])
	if err != nil || rounds < 1 || rounds > 1_000_000 {
		return 0, nil, nil, bad
	}
	b64 := base64.RawStdEncoding
	salt, err1 := b64.DecodeString(parts[2])
	key, err2 := b64.DecodeString(parts[3])
	if err1 != nil || err2 != nil || len(key) != 32 {
		return 0, nil, nil, bad
	}
	return rounds, salt, key, nil
}

// checks reports whether a PIN is the person's.
func (p *Person) checks(pin string) bool {
	rounds, salt, want, err := pinParts(p.PIN)
	if err != nil {
		return false
	}
	got, err := pbkdf2.Key(sha256.New, pin, salt, rounds, len(want))
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1
}

func validatePeople(people []Person) error {
	seen := make(map[string]bool)
	for _, p := range people {
		switch {
		case len(p.Badge) != 6 || strings.Trim(p.Badge, "0123456789") != "":
			return fmt.Errorf("person %q: badge %q: want six digits", p.Name, p.Badge)
		case seen[p.Badge]:
			return fmt.Errorf("person %q: badge %s is somebody else's", p.Name, p.Badge)
		case p.Name == "" || len(p.Name) > 64:
			return fmt.Errorf("badge %s: want a name of 1 to 64 bytes", p.Badge)
		}
		seen[p.Badge] = true
		if p.PIN == "" {
			continue
		}
		if _, _, _, err := pinParts(p.PIN); err != nil {
			return fmt.Errorf("person %q: %w", p.Name, err)
		}
	}
	return nil
}

// person gives who a badge belongs to. Where the warehouse names nobody, every
// badge is somebody.
func (r *Rules) person(badge string) (Person, bool) {
	if len(r.People) == 0 {
		return Person{Badge: badge}, true
	}
	for _, p := range r.People {
		if p.Badge == badge {
			return p, true
		}
	}
	return Person{}, false
}

// name gives what to call whoever has a badge.
func (r *Rules) name(badge string) string {
	if p, ok := r.person(badge); ok && p.Name != "" {
		return p.Name
	}
	return badge
}
