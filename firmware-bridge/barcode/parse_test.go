package barcode

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var today = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func rules(tb testing.TB, c Config) Rules {
	tb.Helper()
	r, err := NewRules(c)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// describe writes what a code means in one line.
func describe(c Code, err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return strings.TrimSpace("error " + string(e.Reason) + " " + e.Part)
	}
	words := []string{string(c.Kind)}
	add := func(name string, value any) {
		if s := fmt.Sprint(value); s != "" && value != (Date{}) {
			words = append(words, name+"="+s)
		}
	}
	add("gtin", string(c.GTIN))
	add("sscc", c.SSCC)
	add("item", c.ItemNumber)
	add("lot", c.Lot)
	add("serial", c.Serial)
	add("made", c.Produced)
	add("packed", c.Packed)
	add("best", c.BestBefore)
	add("sell", c.SellBy)
	add("expiry", c.Expiry)
	if c.HasWeight {
		add("mg", c.Milligrams)
	}
	if c.HasCount {
		add("count", c.Count)
	}
	if c.HasAmount {
		add("amount", fmt.Sprintf("%d/%d", c.Amount, c.Places))
	}
	if c.Kind == CardCode {
		add(c.Card.Type.String(), c.Card.Number)
	}
	add("addon", c.AddOn)
	if len(c.Warnings) > 0 {
		words = append(words, "!"+strings.Join(c.Warnings, "!"))
	}
	return strings.Join(words, " ")
}

type reading struct{ aim, data, want string }

func checkReadings(t *testing.T, r Rules, cases []reading) {
	t.Helper()
	for _, c := range cases {
		if got := describe(r.Parse(Symbol{AIM: c.aim, Data: c.data, At: today})); got != c.want {
			t.Errorf("%s%q\n got  %s\n want %s", c.aim, c.data, got, c.want)
		}
	}
}

// Sources: gs1/gs1-syntax-engine (scan data tests), Zebra DS9908 manual (identifiers).
func TestParse_ReadsArticleNumbers(t *testing.T) {
	checkReadings(t, rules(t, Config{}), []reading{
		{"]E0", "2112345678900", "item gtin=02112345678900"},
		{"]E0", "2112345678901", "error check_digit"},
		{"]E0", "123456789012", "error length"},
		{"]E0", "1234ABC890123", "error non_numeric"},
		{"]E4", "02345673", "item gtin=00000002345673"},
		{"]E4", "02345674", "error check_digit"},
		{"]E0", "0416000336108", "item gtin=00416000336108"},
		{"]E3", "690123456789212", "item gtin=06901234567892 addon=12"},
		{"]E1", "12", "text addon=12"},
		{"", "6901234567892", "item gtin=06901234567892"},
		{"", "6901234567893", "error check_digit"},
		{"", "416000336108", "item gtin=00416000336108"},
		{"", "12345678901231", "item gtin=12345678901231"},
		{"", "01234505", "error check_digit"},
		{"]C0", "6901234567892", "item gtin=06901234567892"},
		{"]E0", "2112345678900|]e099COMPOSITE\x1d98XYZ", "item gtin=02112345678900"},
		{"", "", "error empty"},
		{"", "SHELF 7", "text"},
		{"]A0", "AIMID", "text"},
		{"", "caf\xe9\x00", "text"},
		{"", "123", "text"},
	})
	checkReadings(t, rules(t, Config{Eight: UPCE}), []reading{
		{"", "01234505", "item gtin=00012000003455"},
		{"", "09800037", "error invalid_zero_suppressed zeros"},
		{"", "01234506", "error check_digit"},
		{"", "91234505", "error invalid_zero_suppressed number system"},
		{"]E4", "02345673", "item gtin=00000002345673"},
	})
}

// Sources: gs1/gs1-syntax-engine (element string tests), odoo/odoo (nomenclature tests), GS1 General Specifications.
func TestParse_ReadsGS1Elements(t *testing.T) {
	checkReadings(t, rules(t, Config{}), []reading{
		{"]C1", "0112345678901231", "item gtin=12345678901231"},
		{"]C1", "\x1d0112345678901231\x1d", "item gtin=12345678901231"},
		{"]C1", "0112345678901234", "error check_digit (01)"},
		{"]C1", "011234567890123", "error too_short (01)"},
		{"]C1", "01123456789012312", "error unknown_ai (2)"},
		{"]C1", "891234", "error unknown_ai (8912)"},
		{"]C1", "99~ABC", "error cset82 (99)"},
		{"]C1", "2421234567", "error too_long (242)"},
		{"]C1", "7007211225211231", "elements"},
		{"]C1", "70072112252", "error too_short (7007)"},
		{"]C1", "", "error empty_gs1_data"},
		{"]C1", "0112312312312333^10ABC", "error invalid_character"},
		{"]C1", "AIMID", "error unknown_ai (AIMI)"},
		{"]Q3", "011231231231233310ABC123\x1d99TESTING", "item gtin=12312312312333 lot=ABC123"},
		{"]e0", "011231231231233311991225" + "98TESTING\x1d97XYZ", "item gtin=12312312312333 made=1999-12-25"},
		{"]d2", "01940190976854571033650100138\x1d310200200415131018", "item gtin=94019097685457 lot=33650100138 best=2013-10-18 mg=20040000"},
		{"]C1", "0195012345678903310300012317260200", "item gtin=95012345678903 expiry=2026-02-28 mg=123000"},
		{"]C1", "019501234567890332020000503922299", "item gtin=95012345678903 mg=226796 amount=299/2"},
		{"]C1", "019501234567890330" + "25\x1d21S1", "item gtin=95012345678903 serial=S1 count=25"},
		{"]C1", "00123456789012345675", "logistic sscc=123456789012345675"},
		{"]C1", "0212345678901231370024", "item gtin=12345678901231 count=24"},
		{"]C1", "0212345678901231", "item gtin=12345678901231 !contained articles (02) without their count (37)"},
		{"]C1", "10ABC\x1d11261301", "error illegal_month (11)"},
		{"]C1", "17260230", "error illegal_day (17)"},
		{"]C1", "10A\x1d10B", "error repeated_ai (10)"},
		{"]C1", "10A\x1d10A", "elements lot=A !lot or date without an article number (01 or 02)"},
		{"]C1", "0112345678901231" + "0112345678901231", "item gtin=12345678901231"},
		{"]C1", "3103000123", "elements mg=123000 !weight without an article number (01 or 02)"},
		{"]C1", "0195012345678903", "item gtin=95012345678903 !article of variable measure without a weight or count"},
		// No identifier, but the form leaves no doubt.
		{"", "\x1d0112345678901231", "item gtin=12345678901231"},
		{"", "011231231231233310ABC123\x1d99T", "item gtin=12312312312333 lot=ABC123"},
		{"", "0112312312312333" + "17261231", "item gtin=12312312312333 expiry=2026-12-31"},
		{"", "00123456789012345675", "logistic sscc=123456789012345675"},
		{"", "123456789012345675", "logistic sscc=123456789012345675"},
		// Typed by hand.
		{"", "(01)95012345678903(3103)000123", "item gtin=95012345678903 mg=123000"},
		{"", "(01)95012345678902(3103)000123", "error check_digit (01)"},
		{"", "(01)123456789012312(10)12345", "error too_long (01)"},
		{"", "(10)(11)98765", "error too_short (10)"},
		{"", `(10)12345\(11)991225`, "elements lot=12345(11)991225 !lot or date without an article number (01 or 02)"},
		{"", "(15", "text"},
		{"", "(1A)12345", "text"},
	})
}

func TestParse_ReadsTheWarehousesOwnCards(t *testing.T) {
	bin, err := NewCard(BinCard, "010205")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := bin.Data()+" "+bin.Label(), "9101020538 (91)010205 38"; got != want {
		t.Errorf("card %q, want %q", got, want)
	}
	checkReadings(t, rules(t, Config{}), []reading{
		{"]C1", "9101020538", "card bin=010205"},
		{"", "9101020538", "card bin=010205"},
		{"]C0", "9101020538", "card bin=010205"},
		{"]d2", "\x1d9101020538", "card bin=010205"},
		{"", "(91)01020538", "card bin=010205"},
		{"", "9101020539", "error check_digit bin card"},
		{"", "9101025038", "error check_digit bin card"},
		{"]C1", "91SHELF7", "elements"},
		{"]C1", "991234", "elements"},
		{"]C1", "9712345678", "elements"},
	})
}

func TestCards_SurviveTheirOwnEncodingAndNoticeEveryWrongDigit(t *testing.T) {
	r := rules(t, Config{})
	types := []CardType{BinCard, BadgeCard, ToteCard, OrderCard, InboundCard, CrateCard, CommandCard}
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(types).Draw(t, "type")
		most := 6
		if typ == OrderCard || typ == InboundCard {
			most = 26
		}
		card, err := NewCard(typ, rapid.StringMatching(fmt.Sprintf(`[0-9]{1,%d}`, most)).Draw(t, "number"))
		if err != nil {
			t.Fatal(err)
		}
		aim := rapid.SampledFrom([]string{"", "]C1", "]C0", "]d2"}).Draw(t, "aim")
		code, err := r.Parse(Symbol{AIM: aim, Data: card.Data()})
		if err != nil || code.Kind != CardCode || code.Card != card {
			t.Fatalf("%s%s = %+v, %v, want %+v", aim, card.Data(), code, err, card)
		}
		wrong := []byte(card.Data())
		at := rapid.IntRange(2, len(wrong)-1).Draw(t, "at")
		wrong[at] = '0' + (wrong[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if code, err := r.Parse(Symbol{AIM: aim, Data: string(wrong)}); err == nil {
			t.Fatalf("%s with one wrong digit, %s, is %+v", card.Data(), wrong, code)
		}
	})
	if _, err := NewCard(BinCard, "1234567"); err == nil {
		t.Error("a bin of seven digits")
	}
	if _, err := NewCard("90", "1"); err == nil {
		t.Error("a card of an unknown type")
	}
	if _, err := NewCard(OrderCard, "12a"); err == nil {
		t.Error("a card with a letter")
	}
}

// Sources: odoo/odoo (nomenclature tests), aidc-toolkit/gs1 (variable measure tests), a Chinese cash register's notes on
// 18-digit labels.
func TestParse_ReadsLabelsOfTheShopsOwnScale(t *testing.T) {
	r := rules(t, Config{Patterns: []Pattern{
		{Layout: "22IIIIIWWWWWC"},
		{Layout: "20IIIIIAAAAAC"},
	}})
	checkReadings(t, r, []reading{
		{"", "2200301012506", "measured gtin=02200301000008 item=00301 mg=1250000"},
		{"]E0", "2200301012506", "measured gtin=02200301000008 item=00301 mg=1250000"},
		{"]E0", "2200301012507", "error check_digit"},
		{"]E0", "2012345010253", "measured gtin=02012345000001 item=12345 amount=1025/2"},
		{"]E0", "2312345678905", "error check_digit"},
	})
	r = rules(t, Config{Patterns: []Pattern{
		{Layout: "24IIIIIVAAAAC"},
		{Layout: "26IIIIIWWWWWAAAAAC"},
		{Layout: "28IIIIINNNNNC"},
		{Layout: "29IIIIIWWWWWC", SkipCheck: true, WeightPlaces: 2},
		{Layout: "21IIIIAAAAAVC"},
		{Layout: "2AAAAAIIIIIC"},
		{Layout: "25IIIIIAAAAAWWWWWC"},
		{Layout: "27IIIIIWWWWWAAAAACTTTTTTTTTTTT"},
	}})
	checkReadings(t, r, []reading{
		{"", "2112345432144", "measured gtin=02112340000003 item=1234 amount=54321/2"},
		{"", "254321123454", "measured gtin=00200000123451 item=12345 amount=54321/2"},
		{"]E0", "0254321123454", "measured gtin=00200000123451 item=12345 amount=54321/2"},
		{"", "250100102456012342", "measured gtin=02501001000009 item=01001 mg=1234000 amount=2456/2"},
		{"", "270100101234024568260301081500", "measured gtin=02701001000003 item=01001 mg=1234000 amount=2456/2"},
		{"", "2412345543216", "measured gtin=02412345000009 item=12345 amount=4321/2"},
		{"", "2412345643213", "error verifier"},
		{"]C0", "260100101234024569", "measured gtin=02601001000006 item=01001 mg=1234000 amount=2456/2"},
		{"]C0", "260100101234024568", "error check_digit"},
		{"", "2912345001250", "measured gtin=02912345000004 item=12345 mg=1250000"},
	})
}

func TestNewRules_RefusesPatternsThatCannotWork(t *testing.T) {
	for _, bad := range []Pattern{
		{Layout: ""},
		{Layout: "22IIIII"},
		{Layout: "22IIIIIIIIIIC"},
		{Layout: "22WWWWWWWWWWC"},
		{Layout: "22IIWWWIIIWWC"},
		{Layout: "22IIIIIWWWWCC"},
		{Layout: "22IIIIVVWWWWC"},
		{Layout: "22IIIIIIIVWWC"},
		{Layout: "22IIIIIXWWWWC"},
		{Layout: "22IIIIIWWWWWC", WeightPlaces: 7},
		{Layout: "22IIIIIWWWWWC", AmountPlaces: -1},
	} {
		if _, err := NewRules(Config{Patterns: []Pattern{bad}}); err == nil {
			t.Errorf("pattern %+v was taken", bad)
		}
	}
	if _, err := NewRules(Config{Eight: "ean9"}); err == nil {
		t.Error("eight digits as ean9")
	}
}

// Sources: algorithm and inputs of aidc-toolkit/gs1; the last of each kind computed by hand from the specification.
func TestVerifier_IsTheCheckDigitOfPrices(t *testing.T) {
	for field, want := range map[string]byte{
		"2875": '9', "1234": '9', "9012": '7', "0000": '0',
		"14685": '6', "12345": '8', "90123": '2', "00000": '0',
	} {
		if got, err := Verifier(field); err != nil || got != want {
			t.Errorf("Verifier(%s) = %c, %v, want %c", field, got, err, want)
		}
	}
	for _, field := range []string{"", "123", "123456", "12a4"} {
		if got, err := Verifier(field); err == nil {
			t.Errorf("Verifier(%q) = %c", field, got)
		}
	}
}

func TestDate_PutsTwoDigitYearsIntoTheRightCentury(t *testing.T) {
	cases := []struct {
		in   string
		at   time.Time
		want string
	}{
		{"151020", today, "2015-10-20"},
		{"200200", today, "2020-02-29"},
		{"210200", today, "2021-02-28"},
		{"200229", today, "2020-02-29"},
		{"210229", today, "illegal_day"},
		{"200230", today, "illegal_day"},
		{"201310", today, "illegal_month"},
		{"200010", today, "illegal_month"},
		{"760101", today, "2076-01-01"},
		{"770101", today, "1977-01-01"},
		{"250101", time.Time{}, "2025-01-01"},
		{"020101", time.Date(2098, 1, 1, 0, 0, 0, 0, time.UTC), "2102-01-01"},
		{"2001", today, "length"},
		{"20010a", today, "length"},
	}
	for _, c := range cases {
		d, reason := parseDate(c.in, c.at)
		got := string(reason)
		if got == "" {
			got = d.String()
		}
		if got != c.want {
			t.Errorf("%s in %d: %s, want %s", c.in, c.at.Year(), got, c.want)
		}
	}
}

func TestAITable_HoldsTogether(t *testing.T) {
	specs := parseAITable(aiTable)
	if len(specs) < 400 {
		t.Errorf("%d identifiers: the table was not read whole", len(specs))
	}
	for ai, parts := range specs {
		if n := aiLength(ai[:2]); n != len(ai) {
			t.Errorf("identifier %s has %d digits, its first two say %d", ai, len(ai), n)
		}
		total := 0
		for _, p := range parts {
			if p.max < 1 || p.min > p.max || strings.IndexByte("NXYZ", p.set) < 0 {
				t.Errorf("identifier %s: component %+v", ai, p)
			}
			if !p.optional {
				total += p.max
			}
		}
		if fixed := predefined(ai[:2]); fixed != 0 && fixed != total {
			t.Errorf("identifier %s: %d characters, predefined %d", ai, total, fixed)
		}
	}
}

func TestGTIN_ShortIsWhatIsPrinted(t *testing.T) {
	for _, s := range []string{"02345673", "416000336108", "6901234567892", "12345678901231"} {
		g, err := ParseGTIN(s)
		if err != nil || g.Short() != s || len(g) != 14 {
			t.Errorf("ParseGTIN(%s) = %s (%s), %v", s, g, g.Short(), err)
		}
	}
}

func TestError_TellsThePersonWhatToDo(t *testing.T) {
	_, err := rules(t, Config{}).Parse(Symbol{AIM: "]E0", Data: "6901234567893"})
	e, ok := errors.AsType[*Error](err)
	if !ok || !strings.Contains(e.Message(), "scan again") || !strings.Contains(e.Error(), "want 2") {
		t.Errorf("error %v, message %q", err, e.Message())
	}
}

func TestCode_AmountFitsWeightTimesPriceWithinOneFen(t *testing.T) {
	label := Code{Milligrams: 1_234_000, HasWeight: true, Amount: 2456, HasAmount: true}
	for price, want := range map[int64]bool{1990: true, 1991: true, 1992: false, 1988: false, 0: false} {
		if got := label.AmountFits(price); got != want {
			t.Errorf("1.234 kg for 24.56 at %d a kilogram: %v, want %v", price, got, want)
		}
	}
	if !(Code{Amount: 5, HasAmount: true}).AmountFits(1) {
		t.Error("a label without a weight does not fit")
	}
}

// Sources: gs1/gs1-syntax-engine (Digital Link tests).
func TestParse_ReadsDigitalLinks(t *testing.T) {
	checkReadings(t, rules(t, Config{}), []reading{
		{"]Q1", "https://id.gs1.org/01/09520123456788", "item gtin=09520123456788"},
		{"]Q1", "https://id.gs1.org/01/09520123456788/10/ABC1/21/12345?17=180426", "item gtin=09520123456788 lot=ABC1 serial=12345 expiry=2018-04-26"},
		{"", "https://example.com/01/09520123456788?3103=000195&3922=0299&17=201225", "item gtin=09520123456788 expiry=2020-12-25 mg=195000 amount=299/2"},
		{"", "https://id.gs1.org/00/952012345678912345?02=09520123456788&37=25&10=ABC123", "item gtin=09520123456788 sscc=952012345678912345 lot=ABC123 count=25"},
		{"", "https://a/more/stem/00/006141411234567890", "logistic sscc=006141411234567890"},
		{"", "HTTPS://a/00/006141411234567890#x", "logistic sscc=006141411234567890"},
		{"", "https://a/01/12312312312333/22/ABC%2d123?99=ABC&98=XYZ%2f987", "item gtin=12312312312333"},
		{"", "https://a/01/12312312312333?99=A%2bB+C&unknown=666", "error cset82 (99)"},
		{"", "https://a/01/12312312312333?99=A%2bB&unknown=666", "item gtin=12312312312333"},
		{"", "https://a/01/12312312312333/235/TPX", "item gtin=12312312312333"},
		// Some other address.
		{"", "HtTp://a/b/00/006141411234567890", "text"},
		{"", "https://00/006141411234567890", "text"},
		{"", "http://a/b", "text"},
		{"", "https://", "text"},
		{"", "https://a/stem/00/006141411234567890/", "text"},
		// Nearly one.
		{"", "https://a/01/12312312312334", "error check_digit (01)"},
		{"", "https://a/01/12312312312333?99=ABC&999=faux", "error unknown_ai (999)"},
		{"", "https://a/01/12312312312333?99=", "error too_short (99)"},
		{"", "https://a/01/1231231231233%003", "error non_numeric (01)"},
		{"", "https://example.com/01/09520123456788?10=ABC123", "error digital_link (10)"},
		{"", "https://id.gs1.org/01/09520123456788/10/ABC123?99=XYZ789&99=XYZ789", "error repeated_ai (99)"},
		{"", "https://a/01/2112345678900", "error too_short (01)"},
		{"", "https://a/01/12312312312333/21/S/10/L", "error digital_link (01)"},
		{"", "https://a/01/12312312312333/10/%zz", "error digital_link (10)"},
		{"", "https://a/01/12312312312333?99=%zz", "error digital_link (99)"},
	})
}

func TestParse_NamesTheSymbology(t *testing.T) {
	for in, want := range map[[2]string]string{
		{"]E0", "2112345678900"}: "EAN13",
		{"]E0", "0416000336108"}: "UPC-A/EAN13",
		{"]E0", "0012345678905"}: "UPC-A",
		{"]E0", "0001234000057"}: "UPC-E as EAN13",
		{"]E0", "0012000003455"}: "UPC-E as EAN13",
		{"]E4", "02345673"}:      "EAN8",
		{"]C1", "AIMID"}:         "GS1-128",
		{"]C0", "x"}:             "Code128",
		{"]A0", "x"}:             "Code39",
		{"]I1", "x"}:             "ITF",
		{"]J1", "10A"}:           "DotCode",
		{"]Q1", "x"}:             "QR",
		{"]d1", "x"}:             "DataMatrix",
		{"]e0", "10A"}:           "DataBar",
		{"]X0", "x"}:             "other",
		{"", "x"}:                "",
	} {
		code, _ := rules(t, Config{}).Parse(Symbol{AIM: in[0], Data: in[1]})
		if code.Symbology != want {
			t.Errorf("%s%s: %q, want %q", in[0], in[1], code.Symbology, want)
		}
	}
	if _, err := ParseGTIN("00000001234505"); !strings.Contains(err.Error(), string(PaddedUPCE)) {
		t.Errorf("a padded UPC-E: %v", err)
	}
}
