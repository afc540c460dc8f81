package vector

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/firmware-bridge/scanner"
)

// parse reads a symbol by the rules of a warehouse that configured nothing.
func parse(s barcode.Symbol) (barcode.Code, error) {
	rules, err := barcode.NewRules(barcode.Config{})
	if err != nil {
		return barcode.Code{}, err
	}
	s.At = now
	return rules.Parse(s)
}

// scan reads one scan with its symbology identifier.
func scan(_ Vector, in []byte) Result {
	f, err := scanner.New(scanner.DefaultConfig())
	if err != nil {
		return failed("config")
	}
	for _, s := range append(f.Feed(in, now), f.Gap(now.Add(time.Second))...) {
		if s.Kind == scanner.NoRead {
			return Result{"no_read": true}
		}
	}
	if len(in) == 0 || in[0] != ']' {
		return failed("no_symbology_id")
	}
	if len(in) < 3 || !strings.Contains("ACEIJQXdez", string(in[1])) || in[2] < '0' || in[2] > '9' {
		return failed("bad_symbology_id")
	}
	aim, data := string(in[:3]), string(in[3:])
	code, err := parse(barcode.Symbol{AIM: aim, Data: data})
	r := meaning(code)
	if err != nil {
		r = refused(err)
	}
	r["symbology"] = code.Symbology
	if err != nil {
		return r
	}
	r["data"] = data
	r["gs1"] = len(code.Elements) > 0 && !strings.HasPrefix(aim, "]E")
	if strings.HasPrefix(aim, "]E") && len(code.Elements) > 0 {
		r["composite"] = pairs(code.Elements)
		delete(r, "ai")
	}
	return r
}

func refused(err error) Result {
	r := failed("format")
	if e, ok := errors.AsType[*barcode.Error](err); ok {
		r["error"] = string(e.Reason)
	}
	r["valid"] = false
	return r
}

// meaning writes what a code says.
func meaning(c barcode.Code) Result {
	r := Result{"valid": true}
	set := func(key, value string) {
		if value != "" {
			r[key] = value
		}
	}
	set("gtin14", string(c.GTIN))
	set("sscc", c.SSCC)
	set("lot", c.Lot)
	set("serial", c.Serial)
	for key, d := range map[string]barcode.Date{
		"production": c.Produced, "packed": c.Packed, "best_before": c.BestBefore, "sell_by": c.SellBy, "expiry": c.Expiry,
	} {
		if d != (barcode.Date{}) {
			r[key] = d.String()
		}
	}
	if len(c.Elements) > 0 {
		r["ai"] = pairs(c.Elements)
		r["element_string"] = "^" + strings.ReplaceAll(barcode.ElementString(c.Elements), barcode.GS, "^")
	}
	if c.HasWeight {
		r["net_weight_kg"] = kilograms(c)
	}
	if c.HasAmount {
		r["price"] = fixed(c.Amount, c.Places)
	}
	if c.HasCount {
		r["count"] = c.Count
	}
	return r
}

// kilograms writes the weight with the decimals of its element.
func kilograms(c barcode.Code) string {
	for _, e := range c.Elements {
		if strings.HasPrefix(e.AI, "310") {
			places := int(e.AI[3] - '0')
			grams := c.Milligrams
			for range 6 - places {
				grams /= 10
			}
			return fixed(grams, places)
		}
	}
	return fixed(c.Milligrams/1000, 3)
}

// fixed writes an integer with a point before its last places.
func fixed(n int64, places int) string {
	s := strconv.FormatInt(n, 10)
	if places == 0 {
		return s
	}
	if missing := places + 1 - len(s); missing > 0 {
		s = strings.Repeat("0", missing) + s
	}
	return s[:len(s)-places] + "." + s[len(s)-places:]
}

func pairs(all []barcode.Element) [][2]string {
	out := make([][2]string, len(all))
	for i, e := range all {
		out[i] = [2]string{e.AI, e.Value}
	}
	return out
}

func scanFrame(v Vector, in []byte) Result {
	cfg := scanner.DefaultConfig()
	cfg.Repeat = 0
	if v.Config.Prefix != "" {
		cfg.Prefix = scanner.ParseName(v.Config.Prefix)
	}
	if v.Config.Suffix != "" {
		if cfg.Suffixes = []string{}; v.Config.Suffix != "NONE" {
			cfg.Suffixes = []string{scanner.ParseName(v.Config.Suffix)}
		}
	}
	if v.Config.Gap != nil {
		cfg.Gap = time.Duration(*v.Config.Gap) * time.Millisecond
	}
	if v.Config.Debounce != nil {
		cfg.Repeat = time.Duration(*v.Config.Debounce) * time.Millisecond
	}
	f, err := scanner.New(cfg)
	if err != nil {
		return failed("config")
	}
	scans, doubles, noReads := []string{}, 0, 0
	for _, s := range append(f.Feed(in, now), f.Gap(now.Add(time.Hour))...) {
		switch s.Kind {
		case scanner.Code:
			scans = append(scans, s.AIM+string(s.Data))
		case scanner.Double:
			doubles++
		case scanner.NoRead:
			noReads++
		case scanner.Broken:
		}
	}
	return Result{"scans": scans, "duplicates": doubles, "no_reads": noReads}
}

// elements reads an element string in which "^" stands for FNC1, or bracketed text.
func elements(v Vector, in []byte) Result {
	s := barcode.Symbol{AIM: "]C1"}
	switch text := string(in); {
	case v.Proto == "ai-bracketed":
		s.AIM, s.Data = "", text
		if !strings.HasPrefix(text, "(") {
			return Result{"valid": false, "error": "format"}
		}
	case v.Proto == "ai-string-gs":
		s.Data = text
	case !strings.HasPrefix(text, "^"):
		return Result{"valid": false, "error": string(barcode.NoFNC1)}
	default:
		s.Data = strings.ReplaceAll(text[1:], "^", barcode.GS)
	}
	code, err := parse(s)
	if err != nil {
		return refused(err)
	}
	if len(code.Elements) == 0 {
		return Result{"valid": false, "error": "format"}
	}
	return meaning(code)
}

func gtin(v Vector, in []byte) Result {
	if v.Proto == "upc-e" {
		return normalise(v, in)
	}
	g, err := barcode.ParseGTIN(string(in))
	if err != nil {
		r := refused(err)
		if e, ok := errors.AsType[*barcode.Error](err); ok && e.Want != "" {
			r["correct"] = e.Want
		}
		return r
	}
	return Result{"valid": true, "gtin14": string(g)}
}

func normalise(v Vector, in []byte) Result {
	digits := string(in)
	if v.Proto == "upc-e" {
		long, err := barcode.ExpandUPCE(digits)
		if err != nil {
			return refused(err)
		}
		digits = long
	}
	g, err := barcode.ParseGTIN(digits)
	if err != nil {
		return refused(err)
	}
	return Result{"canonical": g.Short(), "gtin14": string(g)}
}

func sscc(_ Vector, in []byte) Result {
	code, err := parse(barcode.Symbol{AIM: "]C1", Data: "00" + string(in)})
	if err != nil {
		return refused(err)
	}
	return Result{"valid": true, "sscc": code.SSCC}
}

func date(_ Vector, in []byte) Result {
	code, err := parse(barcode.Symbol{AIM: "]C1", Data: "11" + string(in)})
	if err != nil {
		return refused(err)
	}
	return Result{"valid": true, "date": code.Produced.String()}
}

func verifier(_ Vector, in []byte) Result {
	check, err := barcode.Verifier(string(in))
	if err != nil {
		return refused(err)
	}
	return Result{"check": string(check)}
}

// measured reads a label by the layout that the vector names.
func measured(v Vector, in []byte) Result {
	p, point := layout(v)
	p.SkipCheck = v.Config.Check != nil && !*v.Config.Check
	rules, err := barcode.NewRules(barcode.Config{Patterns: []barcode.Pattern{p}})
	if err != nil {
		return failed("config")
	}
	code, err := rules.Parse(barcode.Symbol{Data: string(in), At: now})
	if err != nil {
		r := refused(err)
		if r["error"] == string(barcode.BadVerifier) {
			r["verifier_ok"] = false
		}
		return r
	}
	if code.Kind != barcode.Measured {
		return failed("format")
	}
	r := meaning(code)
	r["plu"], r["item"], r["base_code"] = code.ItemNumber, code.ItemNumber, code.GTIN.Short()
	if strings.Contains(p.Layout, "V") {
		r["verifier_ok"] = true
	}
	if code.HasWeight {
		r["weight_kg"] = fixed(code.Milligrams/1000, 3)
		r["price_or_weight"] = digits(p.Layout, 'W', in)
	}
	if code.HasAmount {
		r["amount"], r["value"] = fixed(code.Amount, code.Places), fixed(code.Amount, point)
		r["price_or_weight"] = digits(p.Layout, 'A', in)
	}
	return r
}

func digits(layout string, field rune, in []byte) string {
	var b strings.Builder
	for i, c := range layout {
		if c == field && i < len(in) {
			b.WriteByte(in[i])
		}
	}
	return b.String()
}

// layout reads the ways in which vectors name a layout, and how many decimals its value has: our letters; P for a value
// that is a price or a weight, E and M for money, F for a prefix; two Chinese forms by name; or a pattern of Odoo.
func layout(v Vector) (p barcode.Pattern, places int) {
	switch v.Proto {
	case "cn18-weight-amount":
		return barcode.Pattern{Layout: "..IIIIIWWWWWAAAAAC"}, 2
	case "cn18-amount-weight":
		return barcode.Pattern{Layout: "..IIIIIAAAAAWWWWWC"}, 2
	case "odoo-pattern":
		return odoo(v.Config.Pattern)
	}
	return barcode.Pattern{Layout: strings.NewReplacer("P", "A", "E", "A", "M", "A", "F", ".").Replace(v.Proto)}, 2
}

// odoo reads patterns such as 22......{NNDD}. : N is a digit before the point, D one behind it, a point any digit.
func odoo(pattern string) (p barcode.Pattern, places int) {
	inside, item := false, strings.Count(pattern, ".")
	for _, c := range pattern {
		switch {
		case c == '{' || c == '}':
			inside = c == '{'
		case inside:
			p.Layout += "A"
			if c == 'D' {
				places++
			}
		case c == '.' && item > 1:
			p.Layout += "I"
			item--
		case c == '.':
			p.Layout += "C"
		default:
			p.Layout += string(c)
		}
	}
	return p, places
}

func ssi(_ Vector, in []byte) Result {
	p, ok := scanner.ReadPacket(in)
	if !ok {
		return failed("checksum")
	}
	r := Result{"opcode": p.Opcode, "data": string(p.Data)}
	if p.Opcode == "DECODE_DATA" {
		r["type"] = fmt.Sprintf("%02x", p.Type)
	}
	return r
}

func digitalLink(_ Vector, in []byte) Result {
	code, err := parse(barcode.Symbol{Data: string(in)})
	if err != nil {
		return refused(err)
	}
	if len(code.Elements) == 0 || !strings.Contains(string(in), "://") {
		return Result{"valid": false, "error": "format"}
	}
	return meaning(code)
}
