package udev

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The rules are read here as udev(7) describes them: a line of KEY{attribute}operator"value" pairs, matches before
// assignments, GOTO forward to a LABEL. Only what our file uses is known; anything else is an error.

// pair is one KEY{attribute}operator"value".
type pair struct{ key, attribute, operator, value string }

type rule struct {
	line  int
	pairs []pair
}

var syntax = regexp.MustCompile(`^([A-Z]+)(?:\{([A-Za-z_]+)\})?(==|!=|\+=|:=|=)"([^"]*)"$`)

// keys lists what may stand for what: "m" to match, "a" to assign.
var keys = map[string]string{
	"ACTION": "m", "SUBSYSTEM": "m", "SUBSYSTEMS": "m", "KERNEL": "m", "KERNELS": "m", "ATTRS": "m", "ENV": "ma",
	"GOTO": "a", "LABEL": "a", "GROUP": "a", "MODE": "a", "SYMLINK": "a",
}

func parse(text string) ([]rule, error) {
	var rules []rule
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		r := rule{line: i + 1}
		for part := range strings.SplitSeq(line, ", ") {
			m := syntax.FindStringSubmatch(part)
			if m == nil {
				return nil, fmt.Errorf("line %d: %q is no pair", i+1, part)
			}
			p := pair{m[1], m[2], m[3], m[4]}
			kind := "a"
			if p.operator == "==" || p.operator == "!=" {
				kind = "m"
			}
			if !strings.Contains(keys[p.key], kind) {
				return nil, fmt.Errorf("line %d: %s cannot be used so", i+1, part)
			}
			if p.operator == "!=" && strings.HasSuffix(p.key, "S") {
				return nil, fmt.Errorf("line %d: %s matches every device, as some parent always differs", i+1, part)
			}
			if p.key == "MODE" && !regexp.MustCompile(`^0[0-7]{3}$`).MatchString(p.value) {
				return nil, fmt.Errorf("line %d: mode %q", i+1, p.value)
			}
			r.pairs = append(r.pairs, p)
		}
		rules = append(rules, r)
	}
	return rules, checkJumps(rules)
}

func checkJumps(rules []rule) error {
	labels := map[string]int{}
	for _, r := range rules {
		for _, p := range r.pairs {
			if p.key == "LABEL" {
				labels[p.value] = r.line
			}
		}
	}
	for _, r := range rules {
		for _, p := range r.pairs {
			if p.key == "GOTO" && labels[p.value] <= r.line {
				return fmt.Errorf("line %d: GOTO %q leads nowhere, or back", r.line, p.value)
			}
		}
	}
	return nil
}

// device is what udev knows of one: its own keys, and those of its parents.
type device struct {
	own     map[string]string   // ACTION, SUBSYSTEM ...
	parents map[string][]string // SUBSYSTEMS, KERNELS, ATTRS{idVendor} ...
}

// apply runs the rules and returns what was assigned.
func apply(rules []rule, d device) map[string]string {
	got, skip := map[string]string{}, ""
	for _, r := range rules {
		matches := true
		for _, p := range r.pairs {
			if p.key == "LABEL" && p.value == skip {
				skip = ""
			}
			if p.operator == "==" || p.operator == "!=" {
				matches = matches && d.has(p) == (p.operator == "==")
			}
		}
		if skip != "" || !matches {
			continue
		}
		for _, p := range r.pairs {
			switch {
			case p.key == "GOTO":
				skip = p.value
			case p.operator != "==" && p.operator != "!=" && p.key != "LABEL":
				got[name(p)] = p.value
			}
		}
	}
	return got
}

func name(p pair) string {
	if p.attribute == "" {
		return p.key
	}
	return p.key + "{" + p.attribute + "}"
}

func (d device) has(p pair) bool {
	values := d.parents[name(p)]
	if v, ok := d.own[name(p)]; ok {
		values = append(slices.Clone(values), v)
	}
	for pattern := range strings.SplitSeq(p.value, "|") {
		if slices.ContainsFunc(values, func(v string) bool { ok, err := path.Match(pattern, v); return ok && err == nil }) {
			return true
		}
	}
	return false
}

func tty(action, vendor string) device {
	d := device{own: map[string]string{"ACTION": action, "SUBSYSTEM": "tty"}, parents: map[string][]string{}}
	if vendor != "" {
		d.parents["SUBSYSTEMS"] = []string{"usb-serial", "usb", "pci"}
		d.parents["ATTRS{idVendor}"] = []string{vendor}
	}
	return d
}

func rules(t *testing.T) []rule {
	t.Helper()
	text, err := os.ReadFile("60-forestock-devices.rules")
	if err != nil {
		t.Fatal(err)
	}
	r, err := parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRules_GiveTheAgentItsDevicesAndNothingElse(t *testing.T) {
	ours := map[string]string{"GROUP": "dialout", "MODE": "0660", "ENV{ID_MM_DEVICE_IGNORE}": "1", "ENV{ID_MM_PORT_IGNORE}": "1"}
	mouse := device{own: map[string]string{"ACTION": "add", "SUBSYSTEM": "input"}, parents: map[string][]string{"SUBSYSTEMS": {"usb"}, "ATTRS{idVendor}": {"1a86"}}}
	cases := []struct {
		name string
		d    device
		want map[string]string
	}{
		{"an FTDI adapter", tty("add", "0403"), ours},
		{"a CH340 adapter", tty("add", "1a86"), ours},
		{"a Zebra scanner", tty("change", "05e0"), ours},
		{"a Mettler scale", tty("add", "0eb8"), ours},
		{"a mobile modem", tty("add", "12d1"), nil},
		{"a port on the board", tty("add", ""), nil},
		{"an adapter that goes", tty("remove", "0403"), nil},
		{"another device with the same chip", mouse, nil},
	}
	for _, c := range cases {
		if got := apply(rules(t), c.d); fmt.Sprint(got) != fmt.Sprint(c.want) && len(got)+len(c.want) > 0 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestRules_TheExamplesInCommentsWorkToo(t *testing.T) {
	text, err := os.ReadFile("60-forestock-devices.rules")
	if err != nil {
		t.Fatal(err)
	}
	r, err := parse(strings.ReplaceAll(string(text), "#KERNELS", "KERNELS"))
	if err != nil {
		t.Fatal(err)
	}
	d := tty("add", "1a86")
	d.parents["KERNELS"] = []string{"ttyUSB1", "1-7.4:1.0", "1-7.4"}
	if got := apply(r, d)["SYMLINK"]; got != "forestock/scale-packing" {
		t.Errorf("the socket's name is %q", got)
	}
}

func TestParse_FindsMistakes(t *testing.T) {
	for _, bad := range []string{
		`SUBSYSTEM="tty"`,
		`SUBSYSTEMS!="usb"`,
		`GROUP=="dialout"`,
		`GROUP=dialout`,
		`MODE="660"`,
		`MODES="0660"`,
		`GOTO="nowhere"`,
		"LABEL=\"back\"\nGOTO=\"back\"",
		`GROUP="dialout" MODE="0660"`,
	} {
		if r, err := parse(bad); err == nil {
			t.Errorf("%s was read as %+v", bad, r)
		}
	}
}
