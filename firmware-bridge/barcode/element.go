package barcode

import (
	"strings"
	"time"
)

const (
	// GS separates elements of variable length; scanners send it for the symbol's FNC1.
	GS = "\x1d"

	maxElements = 64 // more are no label but an attack
)

// parseElements reads an element string without its first FNC1: identifiers and values one after another, GS behind each
// value of variable length that is not the last. A superfluous GS is tolerated, a missing one is not guessed.
func (r Rules) parseElements(data string, at time.Time) ([]Element, *Error) {
	if data == "" {
		return nil, refuse(EmptyGS1, data, "")
	}
	if i := strings.IndexFunc(data, func(c rune) bool { return c == '^' || c < ' ' && c != 0x1d || c > '~' }); i >= 0 {
		return nil, refuse(BadCharacter, data, "")
	}
	var all []Element
	for rest := data; rest != ""; {
		if len(all) == maxElements {
			return nil, refuse(TooMany, data, "")
		}
		var e Element
		var reason Reason
		e, rest, reason = r.cutElement(rest, at)
		if reason != "" {
			return nil, refuse(reason, data, "("+e.AI+")")
		}
		all = append(all, e)
	}
	return all, unique(all, data)
}

// cutElement takes the first element off.
func (r Rules) cutElement(s string, at time.Time) (e Element, rest string, reason Reason) {
	n := 0
	if len(s) >= 2 {
		n = aiLength(s[:2])
	}
	if n == 0 || len(s) < n {
		return Element{AI: s[:min(len(s), 4)]}, "", UnknownAI
	}
	e.AI, s = s[:n], s[n:]
	parts, ok := r.specs[e.AI]
	if !ok {
		return e, "", UnknownAI
	}
	e.Value, rest, _ = strings.Cut(s, GS)
	if fixed := predefined(e.AI[:2]); fixed > 0 && len(e.Value) > fixed {
		e.Value, rest = s[:fixed], s[fixed:]
	}
	return e, rest, checkValue(parts, e.Value, at)
}

// unique refuses one identifier with two different values.
func unique(all []Element, data string) *Error {
	seen := map[string]string{}
	for _, e := range all {
		if v, ok := seen[e.AI]; ok && v != e.Value {
			return refuse(Repeated, data, "("+e.AI+")")
		}
		seen[e.AI] = e.Value
	}
	return nil
}

// parseBracketed reads "(01)06901234567892(10)ABC", as people type it. A bracket that belongs to a value is written "\(".
func (r Rules) parseBracketed(text string, at time.Time) ([]Element, *Error) {
	var all []Element
	for rest := text; rest != ""; {
		inner, ok := strings.CutPrefix(rest, "(")
		ai, after, closed := strings.Cut(inner, ")")
		if !ok || !closed || !numeric(ai) {
			return nil, refuse(BadBracket, text, "")
		}
		parts, known := r.specs[ai]
		if !known {
			return nil, refuse(UnknownAI, text, "("+ai+")")
		}
		end := openBracket(after)
		value := strings.ReplaceAll(after[:end], `\(`, "(")
		if reason := checkValue(parts, value, at); reason != "" {
			return nil, refuse(reason, text, "("+ai+")")
		}
		all, rest = append(all, Element{ai, value}), after[end:]
		if len(all) > maxElements {
			return nil, refuse(TooMany, text, "")
		}
	}
	if len(all) == 0 {
		return nil, refuse(EmptyGS1, text, "")
	}
	return all, unique(all, text)
}

// openBracket returns where the next "(" is that is not written "\(", or the end.
func openBracket(s string) int {
	for i := range len(s) {
		if s[i] == '(' && (i == 0 || s[i-1] != '\\') {
			return i
		}
	}
	return len(s)
}

// ElementString writes elements as a symbol holds them, without the first FNC1: GS where it is needed and nowhere else.
func ElementString(all []Element) string {
	var b strings.Builder
	for i, e := range all {
		b.WriteString(e.AI + e.Value)
		if i < len(all)-1 && (len(e.AI) < 2 || predefined(e.AI[:2]) == 0) {
			b.WriteString(GS)
		}
	}
	return b.String()
}
