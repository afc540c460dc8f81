package barcode

import (
	"strconv"
	"strings"
	"time"
)

// with adds what GS1 elements mean to a code.
func (c Code) with(all []Element, at time.Time) (Code, *Error) {
	c.Elements = append(c.Elements, all...)
	for _, e := range all {
		if reason := c.apply(e, at); reason != "" {
			return Code{}, refuse(reason, ElementString(all), "("+e.AI+")")
		}
	}
	switch {
	case c.GTIN != "":
		c.Kind = Item
	case c.SSCC != "":
		c.Kind = Logistic
	case len(all) == 1:
		card, ok, err := cardOf(all[0])
		if err != nil {
			return Code{}, err
		}
		if ok {
			c.Kind, c.Card = CardCode, card
		}
	}
	c.Warnings = append(c.Warnings, c.unusual()...)
	return c, nil
}

// apply takes one element whose form is right.
func (c *Code) apply(e Element, at time.Time) Reason {
	switch e.AI {
	case "00":
		c.SSCC = e.Value
	case "01":
		c.GTIN, c.Contained = GTIN(e.Value), false
	case "02":
		if c.GTIN == "" {
			c.GTIN, c.Contained = GTIN(e.Value), true
		}
	case "10":
		c.Lot = e.Value
	case "21":
		c.Serial = e.Value
	case "11", "13", "15", "16", "17", "7003":
		return c.date(e, at)
	case "30", "37":
		return c.number(e.Value, &c.Count, &c.HasCount)
	}
	if len(e.AI) != 4 {
		return ""
	}
	switch decimals := int(e.AI[3] - '0'); e.AI[:3] {
	case "310":
		return c.kilograms(e.Value, decimals)
	case "320":
		return c.pounds(e.Value, decimals)
	case "392":
		c.Places = decimals
		return c.number(e.Value, &c.Amount, &c.HasAmount)
	case "393": // three digits of currency come first
		c.Places = decimals
		return c.number(e.Value[3:], &c.Amount, &c.HasAmount)
	}
	return ""
}

func (c *Code) date(e Element, at time.Time) Reason {
	d, reason := parseDate(e.Value[:6], at)
	switch e.AI {
	case "11":
		c.Produced = d
	case "13":
		c.Packed = d
	case "15":
		c.BestBefore = d
	case "16":
		c.SellBy = d
	case "17", "7003":
		c.Expiry = d
	}
	return reason
}

func (c *Code) number(digits string, to *int64, has *bool) Reason {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return BadValue
	}
	*to, *has = n, true
	return ""
}

// kilograms reads AI 310n: six digits, n of them decimals; six decimals of a kilogram are a milligram.
func (c *Code) kilograms(digits string, decimals int) Reason {
	return c.number(digits+strings.Repeat("0", 6-decimals), &c.Milligrams, &c.HasWeight)
}

// pounds reads AI 320n, rounded to the milligram, half up: a pound is 453,592.37 mg exactly.
func (c *Code) pounds(digits string, decimals int) Reason {
	var n int64
	if reason := c.number(digits, &n, &c.HasWeight); reason != "" {
		return reason
	}
	scale := int64(100)
	for range decimals {
		scale *= 10
	}
	c.Milligrams = (n*45_359_237 + scale/2) / scale
	return ""
}

// unusual lists pairs of elements that GS1 asks for or forbids (General Specifications 4.13, 4.14) and that do not make
// the code unreadable.
func (c Code) unusual() []string {
	has := map[string]bool{}
	measure := false
	for _, e := range c.Elements {
		has[e.AI] = true
		measure = measure || e.AI[0] == '3' && e.AI != "37" && len(e.AI) >= 2 && e.AI[1] < '9'
	}
	var all []string
	warn := func(wrong bool, text string) {
		if wrong {
			all = append(all, text)
		}
	}
	article := c.GTIN != ""
	warn(!article && (has["10"] || has["11"] || has["13"] || has["15"] || has["17"]), "lot or date without an article number (01 or 02)")
	warn(!article && c.HasWeight, "weight without an article number (01 or 02)")
	warn(has["02"] && !has["37"], "contained articles (02) without their count (37)")
	warn(has["01"] && (has["02"] || has["37"] || has["255"]), "article number (01) together with contents (02, 37) or a coupon (255)")
	warn(c.HasAmount && !measure && c.Kind != Measured, "price without a weight or count")
	warn(c.GTIN.Variable() && !measure, "article of variable measure without a weight or count")
	return all
}
