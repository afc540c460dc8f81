package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// LevelChanged is the type of event that tells of a SKU's availability.
const LevelChanged = "inventory.level.changed"

// GapEvent is the type of event that says: what happened since is not known
// any more, list the reservations.
const GapEvent = "webhook.gap"

const (
	secretPrefix = "whsec_"
	maxEndpoints = 64
	maxURL       = 2048
)

// Endpoint is whom to tell what.
type Endpoint struct {
	ID         string            `json:"id"`
	URL        string            `json:"url"`
	Secret     string            `json:"secret"` // whsec_ and base64
	Types      []string          `json:"types"`
	Warehouses []stock.Warehouse `json:"warehouses"` // empty for all
	Created    time.Time         `json:"created"`
	By         string            `json:"by"`
	Off        string            `json:"off"` // why nothing is sent; empty while it is on
	// OldSecret signs as well until OldUntil.
	OldSecret string    `json:"old_secret,omitempty"`
	OldUntil  time.Time `json:"old_until,omitzero"`
	Rotated   time.Time `json:"rotated,omitzero"` // when the secret was changed last, and by whom
	RotatedBy string    `json:"rotated_by,omitempty"`
}

// maxOverlap is how long two secrets may be valid at once.
const maxOverlap = 30 * 24 * time.Hour

// rotate gives the endpoint another secret. The former one goes on signing until
// then.
func (e *Endpoint) rotate(secret, by string, now, until time.Time) error {
	if secret == "" {
		secret = newSecret()
	}
	if _, err := keyOf(secret); err != nil {
		return err
	}
	if secret == e.Secret {
		return errors.New("this is the present secret already")
	}
	e.OldSecret, e.OldUntil = "", time.Time{}
	if until.After(now) {
		e.OldSecret, e.OldUntil = e.Secret, until
	}
	e.Secret, e.Rotated, e.RotatedBy = secret, now, by
	return nil
}

// newEndpoint checks what somebody asked for.
func newEndpoint(c *Config, e Endpoint) (Endpoint, error) {
	if err := checkURL(c, e.URL); err != nil {
		return e, err
	}
	if len(e.Types) == 0 {
		e.Types = []string{"reservation.*"}
	}
	for _, t := range e.Types {
		known := t == LevelChanged || t == "*" || (strings.HasPrefix(t, "reservation.") && len(t) < 64)
		if !known {
			return e, fmt.Errorf("%.64q is no type of event: name reservation.*, one such as reservation.confirmed, or %s", t, LevelChanged)
		}
	}
	if e.Secret == "" {
		e.Secret = newSecret()
	}
	if _, err := keyOf(e.Secret); err != nil {
		return e, err
	}
	e.ID, e.Created = strings.ToLower(rand.Text())[:12], time.Now().UTC()
	return e, nil
}

// checkURL says of an address what can be said before its name is looked up;
// the rest is the guard's business, with every connection.
func checkURL(c *Config, address string) error {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURL || u.Host == "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%.120q is not a URL such as https://shop.example/hooks", address)
	}
	here := u.Hostname() == "localhost"
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
		here = ip.IsLoopback()
		if err := c.mayDial(ip); err != nil {
			return err
		}
	}
	if here && !c.AllowPrivate {
		return errPrivate
	}
	switch {
	case u.Scheme == "https", u.Scheme == "http" && (here || c.AllowPlain):
		return nil
	case u.Scheme == "http":
		return fmt.Errorf("%.120q is not encrypted: give an https URL", address)
	}
	return fmt.Errorf("%.120q is neither https nor http", address)
}

// newSecret makes a secret of 32 random bytes.
func newSecret() string {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(key[:])
}

// wants reports whether an event of a type goes to the endpoint.
func (e *Endpoint) wants(kind string) bool {
	return slices.ContainsFunc(e.Types, func(t string) bool {
		prefix, all := strings.CutSuffix(t, "*")
		return t == kind || (all && strings.HasPrefix(kind, prefix))
	})
}
