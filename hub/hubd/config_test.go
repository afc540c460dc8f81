package hubd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/forestock/forestock/deploy/settings"
)

func TestSample_SaysTheDefaults(t *testing.T) {
	var got Config
	source := settings.Source{File: "../../deploy/config/hub.yaml", Prefix: "FORESTOCK_HUB", Flags: pflag.NewFlagSet("hub", pflag.ContinueOnError)}
	if err := source.Load(&got); err != nil {
		t.Fatal(err)
	}
	want := DefaultConfig()
	want.Tokens = []Token{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deploy/config/hub.yaml (-default +sample):\n%s", diff)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidate_NamesEverySettingThatIsWrong(t *testing.T) {
	c := Config{HTTP: "8080", GRPC: "x", MQTT: MQTT{Listen: "y", QoS: 2}, TimeZone: "Mars/Olympus", Tokens: []Token{{}}}
	err := c.Validate()
	if err == nil {
		t.Fatal("Validate accepted it")
	}
	for _, name := range []string{"data", "http", "grpc", "mqtt.listen", "mqtt.qos", "time_zone", "freshness", "link", "tokens[0]", "log.level"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}

func TestValidate_KeepsBackupsOutOfTheStore(t *testing.T) {
	for _, tt := range []struct {
		data, backups string
		right         bool
	}{
		{"x/y", "x/y", false},
		{"x/y", "x/y/z", false},
		{"x/y", "x/z/../y/z", false},
		{"x/y", "x/yz", true},
		{"x/y", "x/..z", true},
		{"x/y", "x", true},
		{"x/y", "", true},
	} {
		c := DefaultConfig()
		c.Data, c.BackupDir = tt.data, tt.backups
		if err := c.Validate(); (err == nil) != tt.right {
			t.Errorf("data %q, backup_dir %q: %v", tt.data, tt.backups, err)
		}
	}
}
