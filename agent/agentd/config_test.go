package agentd

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/forestock/forestock/deploy/settings"
)

func TestSample_SaysTheDefaults(t *testing.T) {
	got := Config{}
	source := settings.Source{File: "../../deploy/config/agent.yaml", Prefix: "FORESTOCK_AGENT", Flags: pflag.NewFlagSet("agent", pflag.ContinueOnError)}
	if err := source.Load(&got); err != nil {
		t.Fatal(err)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
	want := DefaultConfig()
	want.Warehouse, want.Devices = "dark-01", got.Devices
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deploy/config/agent.yaml (-default +sample):\n%s", diff)
	}
	if len(got.Devices) != 3 || got.Devices[0].Protocol != "enq-dc1" {
		t.Errorf("devices = %+v", got.Devices)
	}
}

func TestValidate_NamesEverySettingThatIsWrong(t *testing.T) {
	c := DefaultConfig()
	c.Warehouse, c.Data, c.Station.Listen, c.Ledger.MaxSize, c.Log.Level = "Dark 1", "", "8101", 5, "loud"
	c.Attach = []string{"name=a,kind=scale,port=/dev/x,protocol=telepathy", "nme=b"}
	err := c.Validate()
	if err == nil {
		t.Fatal("Validate accepted it")
	}
	for _, name := range []string{"warehouse", "data", "station.listen", "ledger.max_size", "telepathy", `"nme"`, "log.level"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}

func TestSize_ReadsWhatItWrites(t *testing.T) {
	for _, text := range []string{"512MiB", "1.0GiB", "64KiB"} {
		var s Size
		if err := s.Set(text); err != nil {
			t.Fatal(err)
		}
		var again Size
		if err := again.Set(s.String()); err != nil || again != s {
			t.Errorf("Set(%s) = %d, written as %s and read as %d, %v", text, s, s, again, err)
		}
	}
	var s Size
	if s.Set("plenty") == nil {
		t.Error("Set(plenty) = nil")
	}
}

func TestValidate_KnowsTheModesOfDoubleReads(t *testing.T) {
	c := DefaultConfig()
	c.Warehouse = "dark-01"
	c.Station.RepeatIn = map[string]time.Duration{"receive": 0, "pick": 500 * time.Millisecond}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	c.Station.RepeatIn["flying"] = time.Second
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "flying") {
		t.Errorf("Validate = %v, want an error that names the mode", err)
	}
}
