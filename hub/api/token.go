package api

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
)

// Role says what a caller may do.
type Role string

// The roles. Whoever may write may read.
const (
	Read  Role = "read"
	Write Role = "write"
)

// Token lets one caller in.
type Token struct {
	Name   string // who it was given to, for logs and limits
	Secret string // what the caller sends as "Authorization: Bearer ..."
	Role   Role
}

// minSecret keeps secrets that can be guessed out.
const minSecret = 16

func validateTokens(tokens []Token) error {
	seen := make(map[string]string)
	var errs []error
	for _, t := range tokens {
		if t.Name == "" {
			errs = append(errs, errors.New("token: needs a name"))
		}
		if len(t.Secret) < minSecret || strings.ContainsAny(t.Secret, " \t\r\n") {
			errs = append(errs, fmt.Errorf("token of %s: the secret needs at least %d characters and no space", t.Name, minSecret))
		}
		if t.Role != Read && t.Role != Write {
			errs = append(errs, fmt.Errorf("token of %s: role %q is neither %s nor %s", t.Name, t.Role, Read, Write))
		}
		if other, ok := seen[t.Secret]; ok {
			errs = append(errs, fmt.Errorf("token of %s: has the secret of %s", t.Name, other))
		}
		seen[t.Secret] = t.Name
	}
	return errors.Join(errs...)
}

// tokens finds a caller by its secret. It is keyed by a hash, so that the time
// of a look-up tells nothing about how much of a secret was right.
type tokens map[[sha256.Size]byte]Token

func newTokens(list []Token) tokens {
	out := make(tokens, len(list))
	for _, t := range list {
		out[sha256.Sum256([]byte(t.Secret))] = t
	}
	return out
}

// find reads an Authorization header and gives the token it holds.
func (t tokens) find(authorization string) (Token, error) {
	scheme, secret, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "bearer") || secret == "" {
		return Token{}, refuse(codes.Unauthenticated, TokenMissing, `send the header "Authorization: Bearer <token>" with a token of the hub's configuration`)
	}
	token, ok := t[sha256.Sum256([]byte(strings.TrimSpace(secret)))]
	if !ok {
		return Token{}, refuse(codes.Unauthenticated, TokenUnknown, "this token is not in the hub's configuration; ask whoever runs the hub for one")
	}
	return token, nil
}
