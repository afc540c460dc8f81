package settings

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

type config struct {
	Data string `yaml:"data"`
	MQTT struct {
		Listen string `yaml:"listen"`
	} `yaml:"mqtt"`
	Live    time.Duration `yaml:"live"`
	Brokers []string      `yaml:"brokers"`
	Devices []string      `yaml:"-"`
}

func load(t *testing.T, file string, env, args []string) (config, error) {
	t.Helper()
	cfg := config{Data: "default", Live: time.Second}
	flags := pflag.NewFlagSet("hub", pflag.ContinueOnError)
	flags.StringVar(&cfg.Data, "data", cfg.Data, "folder")
	flags.StringVar(&cfg.MQTT.Listen, "mqtt-listen", cfg.MQTT.Listen, "address")
	flags.StringSliceVar(&cfg.Brokers, "brokers", nil, "addresses")
	flags.StringArrayVar(&cfg.Devices, "device", nil, "devices")
	flags.DurationVar(&cfg.Live, "live", cfg.Live, "duration")
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	path := ""
	if file != "" {
		path = filepath.Join(t.TempDir(), "hub.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := Source{File: path, Prefix: "FORESTOCK_HUB", Env: env, Flags: flags}.Load(&cfg)
	return cfg, err
}

func TestLoad_TheLaterSourceWins(t *testing.T) {
	cfg, err := load(t, "data: file\nmqtt: {listen: file}\nlive: 15s\n",
		[]string{"FORESTOCK_HUB_MQTT_LISTEN=env", "FORESTOCK_HUB_LIVE=20s", "PATH=/bin"}, []string{"--live", "30s"})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Data != "file" || cfg.MQTT.Listen != "env" || cfg.Live != 30*time.Second {
		t.Errorf("Load = %+v, want file, env, 30s", cfg)
	}
}

func TestLoad_ListsAreReplacedNotLengthened(t *testing.T) {
	cfg, err := load(t, "brokers: [file]\n", nil, []string{"--brokers", "a,b", "--device", "x=1,y=2", "--device", "z"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(cfg.Brokers, []string{"a", "b"}) || !slices.Equal(cfg.Devices, []string{"x=1,y=2", "z"}) {
		t.Errorf("Load = %+v", cfg)
	}
}

func TestLoad_DefaultsStayWithoutAnySource(t *testing.T) {
	cfg, err := load(t, "", nil, nil)
	if err != nil || cfg.Data != "default" || cfg.Live != time.Second {
		t.Errorf("Load = %+v, %v, want the defaults", cfg, err)
	}
}

func TestLoad_RefusesWhatItDoesNotKnow(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		env        []string
		want       []string
	}{
		{"unknown key", "data: x\nmqtt:\n  lisen: y\n", nil, []string{"hub.yaml:3:3", "lisen"}},
		{"wrong type", "data: x\nmqtt: 7\n", nil, []string{"hub.yaml:2:"}},
		{"wrong duration", "data: x\nlive: soon\n", nil, []string{"hub.yaml", "soon"}},
		{"not YAML", "data: [\n", nil, []string{"hub.yaml:1:"}},
		{"unknown variable", "", []string{"FORESTOCK_HUB_LISEN=1"}, []string{"FORESTOCK_HUB_LISEN", "no such setting"}},
		{"wrong variable", "", []string{"FORESTOCK_HUB_LIVE=soon"}, []string{"FORESTOCK_HUB_LIVE"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.file, tt.env, nil)
			if err == nil {
				t.Fatal("Load accepted it")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not name %q", err, want)
				}
			}
		})
	}
}

func TestLog_RefusesUnknownWords(t *testing.T) {
	for _, l := range []Log{{"loud", "auto"}, {"info", "xml"}} {
		if l.Validate() == nil {
			t.Errorf("Validate(%+v) = nil", l)
		}
	}
	if err := DefaultLog().Validate(); err != nil {
		t.Error(err)
	}
}
