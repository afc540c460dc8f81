package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Headers of Standard Webhooks 1.0.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// keyOf reads a secret. Standard Webhooks, "Signature scheme": 24 to 64 bytes,
// base64, behind whsec_.
func keyOf(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("a secret is whsec_ and 24 to 64 bytes in base64; leave it out to have one made")
	}
	return key, nil
}

// keys sign what is posted: the present secret, and for a while the one before.
type keys struct {
	now, old []byte
	oldUntil time.Time
}

// keysOf reads the secrets of an endpoint.
func keysOf(e *Endpoint) (k keys, err error) {
	if k.now, err = keyOf(e.Secret); err != nil || e.OldSecret == "" {
		return k, err
	}
	k.oldUntil = e.OldUntil
	k.old, err = keyOf(e.OldSecret)
	return k, err
}

// sign gives the webhook-signature header. Standard Webhooks, "Signature scheme":
// several signatures, with a space between them, let a secret be changed without
// a gap.
func (k *keys) sign(id string, at time.Time, body []byte) string {
	if k.old == nil || !at.Before(k.oldUntil) {
		return sign(k.now, id, at, body)
	}
	return sign(k.now, id, at, body) + " " + sign(k.old, id, at, body)
}

// sign gives the webhook-signature of a message: HMAC-SHA256 over its id, the
// second of the attempt and its body.
func sign(key []byte, id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, strconv.FormatInt(at.Unix(), 10))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
