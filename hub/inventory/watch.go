package inventory

import (
	"context"
	"errors"
	"fmt"

	"github.com/forestock/forestock/proto/stock"
)

// Update is one step of a watch: a level as it is now, or a bookmark.
type Update struct {
	Level Level
	// Token goes on after this update when it is handed to a new watch.
	Token Token
	// Bookmark is set, and Level empty, when nothing older is outstanding.
	Bookmark bool
}

// Feed gives the next update of a watch. It waits for one until the context
// ends. It is not safe for concurrent use, and needs no closing.
type Feed func(ctx context.Context) (Update, error)

// Scope says what a watch is about. An empty list stands for all.
type Scope struct {
	Warehouses []stock.Warehouse
	SKUs       []stock.SKU
}

// Token is how far a watch has come. Its text is opaque to callers. The zero
// Token begins with every current level.
type Token struct {
	Incarnation uint64 // the life of the store that gave the revision
	Revision    Revision
}

// ErrTokenTooOld is wrapped by the error about a token of an earlier life of
// the store, from which no watch can go on without a gap: begin again.
var ErrTokenTooOld = errors.New("token too old")

// ErrToken is wrapped by the error about a text that is no token.
var ErrToken = errors.New("no token")

// String gives the token as text; empty for the zero Token.
func (t Token) String() string {
	if t == (Token{}) {
		return ""
	}
	return fmt.Sprintf("%016x-%d", t.Incarnation, t.Revision)
}

// ParseToken reads a token's text.
func ParseToken(s string) (Token, error) {
	if s == "" {
		return Token{}, nil
	}
	var t Token
	if _, err := fmt.Sscanf(s, "%16x-%d", &t.Incarnation, &t.Revision); err != nil || t.String() != s {
		return Token{}, fmt.Errorf("token %.60q: %w", s, ErrToken)
	}
	return t, nil
}
