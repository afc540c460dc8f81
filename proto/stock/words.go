package stock

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// Warehouse names a front warehouse: 1 to 32 of [a-z0-9-]. It is also the MQTT
// client id and the certificate's common name, so it may hold nothing that a
// broker gives a meaning to (+ # / . and spaces).
type Warehouse string

// SKU names an item that is kept in stock: 1 to 40 of [A-Za-z0-9._-].
type SKU string

// GTIN is a trade item number in its normal form: 14 digits, zero padded.
type GTIN string

// Lot names a production lot of a SKU; empty where the item has none.
type Lot string

// Bin names a place in the warehouse; empty is the receiving dock.
type Bin string

// Seq numbers the entries of one writer in one epoch: 1, 2, 3 … without gaps.
// Zero means "none yet".
type Seq uint64

// Epoch is the random identity born with a ledger file. Sequence numbers of
// different epochs have nothing to do with each other.
type Epoch [16]byte

// Hash is a link of the hash chain over a ledger's entries.
type Hash [32]byte

// Unit is the base unit of a SKU. Quantities are whole numbers of it.
type Unit string

// The base units: pieces, grams and millilitres.
const (
	Piece      Unit = "pc"
	Gram       Unit = "g"
	Millilitre Unit = "ml"
)

// MaxQty bounds the quantity of one movement, in base units either way: the
// largest number that the platform's 32-bit fields can carry.
const MaxQty = 1<<31 - 1

// ErrInvalid is wrapped by every error about a value that breaks a rule of
// this package.
var ErrInvalid = errors.New("invalid")

// ParseWarehouse checks a warehouse id.
func ParseWarehouse(s string) (Warehouse, error) {
	if !only(s, 32, idLetters) {
		return "", fmt.Errorf("%w warehouse id %q: 1 to 32 of a-z, 0-9 and -", ErrInvalid, s)
	}
	return Warehouse(s), nil
}

// ParseSKU checks a SKU.
func ParseSKU(s string) (SKU, error) {
	if !only(s, 40, wordLetters) {
		return "", fmt.Errorf("%w SKU %q: 1 to 40 of A-Z, a-z, 0-9, dot, _ and -", ErrInvalid, s)
	}
	return SKU(s), nil
}

// only reports whether s is 1 to limit bytes long and made of alphabet.
func only(s string, limit int, alphabet *letters) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for i := range len(s) {
		if !alphabet[s[i]] {
			return false
		}
	}
	return true
}

// letters are the bytes that a name may hold. Names are checked with every
// order, so each alphabet is a table.
type letters [256]bool

func lettersOf(all string) *letters {
	out := new(letters)
	for i := range len(all) {
		out[all[i]] = true
	}
	return out
}

const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

var (
	digits      = lettersOf("0123456789")
	idLetters   = lettersOf("abcdefghijklmnopqrstuvwxyz0123456789-") // of warehouses and channels
	wordLetters = lettersOf(alphanumeric + "._-")                    // of SKUs and orders
)

// Valid reports whether u is one of the base units.
func (u Unit) Valid() bool { return u == Piece || u == Gram || u == Millilitre }

// IsZero reports whether e is no epoch at all.
func (e Epoch) IsZero() bool { return e == Epoch{} }

// String gives the epoch in hexadecimal.
func (e Epoch) String() string { return hex.EncodeToString(e[:]) }

// String gives the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Date is a day of the civil calendar as yyyymmdd, so that dates sort as
// numbers. Zero is "no date".
type Date int32

// DateOf gives the day of t in t's location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date(y*10000 + int(m)*100 + d)
}

// ParseDate reads 2006-01-02.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() == 0 {
		return 0, fmt.Errorf("%w date %q: write it as 2006-01-02", ErrInvalid, s)
	}
	return DateOf(t), nil
}

// Time gives the start of the day in UTC.
func (d Date) Time() time.Time {
	return time.Date(int(d)/10000, time.Month(int(d)/100%100), int(d)%100, 0, 0, 0, 0, time.UTC)
}

// AddDays gives the day n days later; no date stays no date.
func (d Date) AddDays(n int) Date {
	if d == 0 {
		return 0
	}
	return DateOf(d.Time().AddDate(0, 0, n))
}

// Valid reports whether d is no date or a day that exists, in years 1 to 9999.
func (d Date) Valid() bool {
	return d == 0 || (d >= 10101 && d <= 99991231 && DateOf(d.Time()) == d)
}

// String gives 2006-01-02, or nothing for no date.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	if d < 0 || d > 99991231 {
		return fmt.Sprintf("%04d-%02d-%02d", int(d)/10000, int(d)/100%100, int(d)%100)
	}
	b := [...]byte{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0'}
	for _, at := range [...]int{9, 8, 6, 5, 3, 2, 1, 0} { // the last digit first
		b[at] += byte(d % 10)
		d /= 10
	}
	return string(b[:])
}

// CheckDigit reports whether g is 14 digits of which the last is right: mod 10
// with weights 3 and 1 from the right (GS1 General Specifications 7.9.1).
func (g GTIN) CheckDigit() bool {
	if len(g) != 14 {
		return false
	}
	sum := 0
	for i := range len(g) {
		d := int(g[i] - '0')
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 0 {
			d *= 3
		}
		sum += d
	}
	return sum%10 == 0
}
