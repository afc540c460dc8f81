package station

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Pairs are the browsers that may work at this warehouse's stations. Each is a
// file in one folder, so that forgetting one is deleting it, also while the
// agent runs. No file holds anything that lets somebody in: secrets and the
// code are kept as hashes.
type Pairs struct {
	dir string
	mu  sync.Mutex // orders what is tried against the code
}

// Pair is a browser that was paired.
type Pair struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
	Hash  string    `json:"hash"` // SHA-256 of the secret, which is random
}

// code is the invitation that is open.
type code struct {
	Until time.Time `json:"until"`
	Tries int       `json:"tries"` // how often it was guessed wrong
	Salt  string    `json:"salt"`
	Hash  string    `json:"hash"`
}

const (
	codeDigits = 6
	codeFor    = 10 * time.Minute
	codeTries  = 5
	codeRounds = 20_000 // as for PINs: what is guessed offline takes its time
	codeFile   = "code.json"
)

// Why a code does not pair.
var (
	ErrNoCode    = errors.New("no code is open")
	ErrWrongCode = errors.New("the code is wrong")
)

// NewPairs keeps pairs in a folder, which it makes when something is kept.
func NewPairs(dir string) *Pairs { return &Pairs{dir: dir} }

// Invite opens a code for the next browser; one before it is void.
func (p *Pairs) Invite() (digits string, until time.Time, err error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", until, fmt.Errorf("make a code: %w", err)
	}
	digits, until = fmt.Sprintf("%0*d", codeDigits, n), time.Now().Add(codeFor)
	var salt [12]byte
	rand.Read(salt[:])
	c := code{Until: until, Salt: hex.EncodeToString(salt[:])}
	if c.Hash, err = c.hash(digits); err != nil {
		return "", until, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return digits, until, p.keep(codeFile, c)
}

func (c *code) hash(digits string) (string, error) {
	key, err := pbkdf2.Key(sha256.New, digits, []byte(c.Salt), codeRounds, 32)
	if err != nil {
		return "", fmt.Errorf("hash a code: %w", err)
	}
	return hex.EncodeToString(key), nil
}

// Accept takes a code and gives what the browser keeps. A code is good once;
// after five wrong ones it is void. Errors: ErrNoCode, ErrWrongCode.
func (p *Pairs) Accept(digits, name string) (token string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var c code
	if err := p.read(codeFile, &c); err != nil || time.Now().After(c.Until) || c.Tries >= codeTries {
		return "", ErrNoCode
	}
	got, err := c.hash(digits)
	if err != nil {
		return "", err
	}
	if subtle.ConstantTimeCompare([]byte(got), []byte(c.Hash)) != 1 {
		c.Tries++
		return "", errors.Join(ErrWrongCode, p.keep(codeFile, c))
	}
	if err := os.Remove(filepath.Join(p.dir, codeFile)); err != nil {
		return "", fmt.Errorf("close the code: %w", err)
	}
	var id [8]byte
	var secret [32]byte
	rand.Read(id[:])
	rand.Read(secret[:])
	pair := Pair{ID: hex.EncodeToString(id[:]), Name: name, Since: time.Now(), Hash: hashSecret(hex.EncodeToString(secret[:]))}
	return pair.ID + "." + hex.EncodeToString(secret[:]), p.keep(pair.ID+".json", pair)
}

func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

var pairID = regexp.MustCompile(`^[0-9a-f]{16}$`)

// Check gives whose token it is; false for nobody's.
func (p *Pairs) Check(token string) (Pair, bool) {
	id, secret, _ := strings.Cut(token, ".")
	var pair Pair
	if !pairID.MatchString(id) || p.read(id+".json", &pair) != nil {
		return Pair{}, false
	}
	return pair, subtle.ConstantTimeCompare([]byte(hashSecret(secret)), []byte(pair.Hash)) == 1
}

// List gives all pairs, the oldest first.
func (p *Pairs) List() ([]Pair, error) {
	files, err := os.ReadDir(p.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list paired stations: %w", err)
	}
	var all []Pair
	for _, f := range files {
		var pair Pair
		if f.Name() != codeFile && p.read(f.Name(), &pair) == nil {
			all = append(all, pair)
		}
	}
	slices.SortFunc(all, func(a, b Pair) int { return a.Since.Compare(b.Since) })
	return all, nil
}

// Forget shuts a pair out, by its id or its name, and says how many there were.
func (p *Pairs) Forget(idOrName string) (int, error) {
	all, err := p.List()
	if err != nil {
		return 0, err
	}
	n := 0
	for _, pair := range all {
		if pair.ID != idOrName && pair.Name != idOrName {
			continue
		}
		if err := os.Remove(filepath.Join(p.dir, pair.ID+".json")); err != nil {
			return n, fmt.Errorf("forget %s: %w", idOrName, err)
		}
		n++
	}
	return n, nil
}

func (p *Pairs) read(name string, into any) error {
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// keep writes a file whole or not at all.
func (p *Pairs) keep(name string, what any) error {
	text, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	return nil
}
