package floor

import (
	"strings"
	"testing"
	"time"
)

func TestHashPIN_ChecksThePINAndNoOther(t *testing.T) {
	one, err := HashPIN("4711")
	if err != nil {
		t.Fatal(err)
	}
	two, err := HashPIN("4711")
	if err != nil || one == two || strings.Contains(one, "4711") {
		t.Errorf("hashes %s and %s: want two that differ", one, two)
	}
	p := Person{PIN: one}
	if !p.checks("4711") || p.checks("4712") || p.checks("") {
		t.Error("the wrong PIN is taken, or the right one is not")
	}
	for _, bad := range []string{"", "123", "12345", "12a4", "１２３４"} {
		if _, err := HashPIN(bad); err == nil {
			t.Errorf("HashPIN(%q) took it", bad)
		}
	}
}

func TestRules_ValidateRefusesPeopleWhoCannotBe(t *testing.T) {
	for _, people := range [][]Person{
		{{Badge: "17", Name: "a"}},
		{{Badge: "000017"}},
		{{Badge: "000017", Name: "a"}, {Badge: "000017", Name: "b"}},
		{{Badge: "000017", Name: "a", PIN: "1234"}},
		{{Badge: "000017", Name: "a", PIN: "pbkdf2-sha256$1$AA$AA"}},
	} {
		r := DefaultRules()
		r.People = people
		if r.Validate() == nil {
			t.Errorf("%+v is taken", people)
		}
	}
	r := DefaultRules()
	r.Zones = nil
	r.LifeLeft = 101
	if r.Validate() == nil {
		t.Error("101 percent are taken")
	}
}

// Wrong PINs are counted over all stations, and forgotten by the right one.
func TestHall_CountsWrongPINs(t *testing.T) {
	h := NewHall()
	for range 5 {
		h.try(&Try{Badge: "000018"})
	}
	if n := h.WrongPINs("000018"); n != 5 {
		t.Errorf("%d wrong PINs, want 5", n)
	}
	h.wrong["000018"] = wrongPINs{5, time.Now().Add(-lockFor)}
	if n := h.WrongPINs("000018"); n != 0 {
		t.Errorf("%d wrong PINs after a quarter of an hour, want 0", n)
	}
	h.try(&Try{Badge: "000018"})
	h.try(&Try{Badge: "000018", Right: true})
	if n := h.WrongPINs("000018"); n != 0 {
		t.Errorf("%d wrong PINs after the right one, want 0", n)
	}
}
