package floor

import (
	"fmt"

	"github.com/forestock/forestock/proto/stock"
)

// Text is something to read, in Chinese and in English.
type Text struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// String gives both languages, as the dialogue files and logs show them.
func (t Text) String() string {
	if t.Zh == t.En {
		return t.Zh
	}
	return t.Zh + " | " + t.En
}

// Empty reports whether there is nothing to read.
func (t Text) Empty() bool { return t.Zh == "" && t.En == "" }

// same is a text that is the same in both languages, such as a code.
func same(s string) Text { return Text{s, s} }

// say fills a text of the table. Arguments that are a Text go in in the
// language of the sentence.
func say(t Text, args ...any) Text {
	if len(args) == 0 {
		return t
	}
	zh, en := make([]any, len(args)), make([]any, len(args))
	for i, a := range args {
		zh[i], en[i] = a, a
		if text, ok := a.(Text); ok {
			zh[i], en[i] = text.Zh, text.En
		}
	}
	return Text{fmt.Sprintf(t.Zh, zh...), fmt.Sprintf(t.En, en...)}
}

// nameOf gives what staff call an item.
func nameOf(it stock.Item) Text {
	if it.NameEn == "" {
		return same(it.Name)
	}
	return Text{it.Name, it.NameEn}
}

// amount writes a quantity the way people say it.
func amount(n int64, u stock.Unit) Text {
	switch u {
	case stock.Gram:
		return weighed(n, Text{"克", "g"}, Text{"公斤", "kg"})
	case stock.Millilitre:
		return weighed(n, Text{"毫升", "ml"}, Text{"升", "l"})
	case stock.Piece:
		return say(Text{"%d 件", "%d pc"}, n)
	}
	return say(same("%d"), n)
}

// weighed writes thousands of the small unit in the big one, with its three
// decimals: 1.250 kg.
func weighed(n int64, small, big Text) Text {
	if n > -1000 && n < 1000 {
		return say(same("%d %s"), n, small)
	}
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return say(same("%s%d.%03d %s"), sign, n/1000, n%1000, big)
}

// placeName gives what staff call a bin.
func placeName(b stock.Bin) Text {
	switch b {
	case "":
		return Text{"收货区", "dock"}
	case UnlistedBin:
		return Text{"待建档箱", "the unlisted crate"}
	}
	return same(string(b))
}

// lotName gives a lot with its expiry, as far as there are any.
func lotName(l stock.Lot, expiry stock.Date) Text {
	switch {
	case l == "" && expiry == 0:
		return Text{"无批号", "no lot"}
	case expiry == 0:
		return say(Text{"批 %s", "lot %s"}, l)
	case l == "":
		return say(Text{"到期 %s", "expires %s"}, expiry)
	}
	return say(Text{"批 %s，到期 %s", "lot %s, expires %s"}, l, expiry)
}
