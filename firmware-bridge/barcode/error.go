package barcode

import "fmt"

// Reason is why a code is refused. The strings are stable: they appear in JSON and in metrics.
type Reason string

// The reasons.
const (
	BadCheckDigit    Reason = "check_digit"
	BadLength        Reason = "length"
	NotNumeric       Reason = "non_numeric"
	BadCharacter     Reason = "invalid_character" // cannot be in any GS1 element string
	BadCharacterInAI Reason = "cset82"            // not in the character set of this element
	UnknownAI        Reason = "unknown_ai"
	TooShort         Reason = "too_short"
	TooLong          Reason = "too_long"
	NoFNC1           Reason = "no_fnc1"
	Empty            Reason = "empty"
	EmptyGS1         Reason = "empty_gs1_data"
	BadMonth         Reason = "illegal_month"
	BadDay           Reason = "illegal_day"
	Repeated         Reason = "repeated_ai" // one identifier with two values
	TooMany          Reason = "too_many"    // more elements than a code may have
	BadBracket       Reason = "bracket"     // bracketed text that is not (AI)value(AI)value
	BadVerifier      Reason = "verifier"    // the check digit of the price or weight field
	BadUPCE          Reason = "invalid_zero_suppressed"
	PaddedUPCE       Reason = "invalid_zero_suppressed_as_gtin14" // a UPC-E with zeros in front is no GTIN-14
	BadLink          Reason = "digital_link"                      // an address that is nearly a GS1 Digital Link
	BadValue         Reason = "value"                             // a number outside its range
)

// Error says what is wrong with a code.
type Error struct {
	Reason Reason
	Code   string // what was read
	Part   string // the part that is wrong, such as "(01)"; empty for the whole
	Want   string // what would be right, if that is known
}

// Error describes the fault for a log.
func (e *Error) Error() string {
	s := fmt.Sprintf("code %q: %s", e.Code, e.Reason)
	if e.Part != "" {
		s += " in " + e.Part
	}
	if e.Want != "" {
		s += ": want " + e.Want
	}
	return s
}

// Message says to the person with the scanner what to do.
func (e *Error) Message() string {
	switch e.Reason {
	case BadCheckDigit, BadVerifier:
		return fmt.Sprintf("check digit of %s is wrong: scan again; if it stays wrong, the label is damaged or misprinted: take another piece or type the number", e.Code)
	case BadMonth, BadDay:
		return fmt.Sprintf("the label has a date that does not exist in %s: check the printed date and type it", e.Part)
	case Empty, EmptyGS1:
		return "the scanner sent an empty code: scan again"
	case UnknownAI, NoFNC1, TooShort, TooLong, BadCharacter, BadCharacterInAI, Repeated, TooMany, BadBracket, BadValue, BadLink:
		return fmt.Sprintf("the label cannot be read (%s): scan again; if that does not help, check that the scanner sends the GS1 separator (GS)", e.Reason)
	case BadLength, NotNumeric, BadUPCE, PaddedUPCE:
		return e.Code + " is not an article number: scan the barcode of the article"
	}
	return "the code cannot be read: scan again"
}

func refuse(reason Reason, code, part string) *Error {
	return &Error{Reason: reason, Code: code, Part: part}
}
