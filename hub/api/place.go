package api

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
)

// A place token tells a later call where an earlier one stopped. Callers keep
// it as it is: it is bound to what was asked, so that a token handed to another
// question is refused instead of skipping answers. It guards against mistakes;
// there is nothing in it to keep secret.
//
// Before its base64url encoding it is a version, the CRC-32C of kind, question
// and place, and the place.
const tokenVersion = 1

// tokenKind keeps tokens of different methods apart.
type tokenKind byte

const (
	warehousePage tokenKind = iota + 1
	levelPage
	movementPage
	itemPage
	resume
	quarantinePage
	divergencePage
	repairPage
	reservationPage
	eventResume
	policyPage
)

// maxToken bounds what is decoded at all.
const maxToken = 512

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// placeToken makes the token for a place in the answers to a question.
func placeToken(kind tokenKind, question, place string) string {
	b := append(make([]byte, 0, 5+len(place)), tokenVersion)
	b = binary.BigEndian.AppendUint32(b, tokenSum(kind, question, place))
	return base64.RawURLEncoding.EncodeToString(append(b, place...))
}

// placeOf reads a token that placeToken made for the same question.
func placeOf(kind tokenKind, question, token string) (place string, ok bool) {
	if len(token) > maxToken {
		return "", false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) < 5 || b[0] != tokenVersion {
		return "", false
	}
	place = string(b[5:])
	return place, binary.BigEndian.Uint32(b[1:]) == tokenSum(kind, question, place)
}

func tokenSum(kind tokenKind, question, place string) uint32 {
	b := make([]byte, 0, 5+len(question)+len(place))
	b = append(b, byte(kind))
	// The length keeps "ab"+"c" and "a"+"bc" apart.
	b = binary.BigEndian.AppendUint32(b, uint32(len(question)))
	b = append(append(b, question...), place...)
	return crc32.Checksum(b, castagnoli)
}
