package agentd

import (
	"strings"
	"testing"

	"github.com/forestock/forestock/agent/cards"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/firmware-bridge/barcode"
)

func TestDeck_HasEveryCardOnceAndEachMeansWhatItSays(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Work.People = []Person{{Badge: "000017", Name: "小王"}}
	cfg.Work.Zones = map[string]string{"A": "ambient", "F": "frozen"}
	deck, err := Deck(&cfg, append(DefaultDeck, "badges=18", "bins=A-01-09..A-02-11,F-01-01", "totes=1..3", "crates=1:350,2:1200"))
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[barcode.Card]cards.Card)
	for _, c := range deck {
		if _, twice := seen[c.Code]; twice {
			t.Errorf("%s is there twice", c.Code.Label())
		}
		seen[c.Code] = c
	}
	for _, c := range floor.Commands() {
		if got := seen[c.Card]; got.Title != cards.Text(c.Name) {
			t.Errorf("card of %s says %v, want %v", c.Button, got.Title, c.Name)
		}
	}
	for _, want := range []struct {
		code               barcode.Card
		title, note, group string
	}{
		{barcode.Card{Type: barcode.BadgeCard, Number: "000017"}, "小王", "000017", "工牌"},
		{barcode.Card{Type: barcode.BadgeCard, Number: "000018"}, "000018", "", "工牌"},
		{barcode.Card{Type: barcode.BinCard, Number: "010211"}, "A-02-11", "常温", "货位"},
		{barcode.Card{Type: barcode.BinCard, Number: "060101"}, "F-01-01", "冷冻", "货位"},
		{barcode.Card{Type: barcode.ToteCard, Number: "000003"}, "3", "", "拣货箱"},
		{barcode.Card{Type: barcode.CrateCard, Number: "021200"}, "2 号箱 1200 克", "", "周转箱（已知皮重）"},
	} {
		got, ok := seen[want.code]
		if !ok || got.Title.Zh != want.title || got.Note.Zh != want.note || got.Group.Zh != want.group {
			t.Errorf("%s: %+v", want.code.Label(), got)
		}
	}
	if want := len(floor.Commands()) + 2 + 6 + 1 + 3 + 2; len(deck) != want {
		t.Errorf("%d cards, want %d", len(deck), want)
	}
}

func TestDeck_SaysWhatIsWrong(t *testing.T) {
	cfg := DefaultConfig()
	for set, want := range map[string]string{
		"cards":                                  "want commands",
		"commands=1":                             "want commands",
		"bins=A-1-1":                             "A-02-05",
		"bins=A-01-01..A-02":                     "same form",
		"bins=A-01-01..B-01":                     "same form",
		"bins=A-01-09..A-01-":                    "counted",
		"totes=9..1":                             "counted",
		"totes=1..99999":                         "counted",
		"bins=A-01-01..A-99-99,B-01-01..B-99-99": "more than",
		"totes=x":                                "digits",
		"crates=350":                             "1:350",
		"crates=1:99999":                         "9999",
		"badges=1234567":                         "too many digits",
	} {
		if _, err := Deck(&cfg, []string{set}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", set, err, want)
		}
	}
}

func TestValidate_ChecksPrinters(t *testing.T) {
	good := Device{Name: "printer-1", Kind: "printer", Port: "tcp://127.0.0.1:9100"}
	for name, tt := range map[string]struct {
		change func(*Device)
		want   string
	}{
		"as it is":              {func(*Device) {}, ""},
		"larger labels":         {func(d *Device) { d.Label, d.Protocol, d.Station = "100x60@300", "tspl", "s1" }, ""},
		"a language of another": {func(d *Device) { d.Protocol = "epl" }, "zpl or tspl"},
		"a size of words":       {func(d *Device) { d.Label = "small" }, "60x40"},
		"dots of words":         {func(d *Device) { d.Label = "60x40@many" }, "60x40@300"},
		"too small":             {func(d *Device) { d.Label = "6x4" }, "60x40"},
		"a station of nobody":   {func(d *Device) { d.Station = "s9" }, "s9"},
		"a scale's name":        {func(d *Device) { d.Name = "scale-1" }, "this name"},
		"no port":               {func(d *Device) { d.Port = "" }, "address"},
		"no key":                {func(d *Device) { d.KeyFile = "/nowhere" }, "key"},
	} {
		c := DefaultConfig()
		c.Warehouse = "dark-01"
		d := good
		tt.change(&d)
		c.Devices = []Device{{Name: "scale-1", Kind: "scale", Port: "/dev/x"}, d}
		err := c.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	d, err := parseDevice("name=p,kind=printer,port=tcp://h:9100,protocol=tspl,label=100x60,one_way=true")
	if err != nil || !d.OneWay || d.Label != "100x60" || d.Kind != printerKind {
		t.Errorf("%+v, %v", d, err)
	}
}
