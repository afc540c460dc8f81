package cards

// Text is something to read, in Chinese and in English.
type Text struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// Line gives both languages on one line, Chinese first.
func (t Text) Line() string {
	if t.Zh == t.En || t.En == "" {
		return t.Zh
	}
	if t.Zh == "" {
		return t.En
	}
	return t.Zh + "  " + t.En
}

// first gives one language, Chinese if there is any.
func (t Text) first() string {
	if t.Zh == "" {
		return t.En
	}
	return t.Zh
}
