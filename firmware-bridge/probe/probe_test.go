package probe

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/scale"
	"github.com/forestock/forestock/firmware-bridge/sim"
)

func attach(t *testing.T, protocol string) *sim.Cable {
	t.Helper()
	cable, err := sim.NewCable(filepath.Join(t.TempDir(), "usb-SIM"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cable.Close() })
	s, err := sim.NewScale(cable, sim.ScaleConfig{Protocol: protocol})
	if err != nil {
		t.Fatal(err)
	}
	s.Put(500)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return cable
}

func TestPorts_ListensAndAsksOnlyOnDemand(t *testing.T) {
	t.Parallel()
	streams, polled := attach(t, "comma"), attach(t, "enq-dc1")
	addresses := []string{streams.Name(), polled.Name(), filepath.Join(t.TempDir(), "none")}
	quiet, err := Ports(t.Context(), addresses, Options{Listen: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	asked, err := Ports(t.Context(), addresses[:2], Options{Listen: time.Second, Ask: true})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name  string
		got   Result
		state port.State
		want  []string
	}{
		{"a scale that sends", quiet[0], port.Ready, []string{"comma"}},
		{"a scale that waits", quiet[1], port.Ready, nil},
		{"nothing there", quiet[2], port.Absent, nil},
		{"a scale that sends, when asking is allowed", asked[0], port.Ready, []string{"comma"}},
		{"a scale that waits, asked", asked[1], port.Ready, []string{"enq-dc1"}},
	}
	for _, c := range cases {
		if c.got.State != c.state || !slices.Equal(c.got.Protocols, c.want) || c.got.Message == "" {
			t.Errorf("%s: %+v, want state %s, protocols %v", c.name, c.got, c.state, c.want)
		}
	}
	if quiet[1].Heard != 0 {
		t.Error("the scale that waits was spoken to without being asked to")
	}
}

func TestPorts_OnlyListsWithoutTime(t *testing.T) {
	t.Parallel()
	cable := attach(t, "comma")
	got, err := Ports(t.Context(), []string{cable.Name()}, Options{})
	if err != nil || len(got) != 1 || got[0].State != port.Opening || got[0].Heard != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := Ports(t.Context(), nil, Options{}); err != nil {
		t.Errorf("list of this machine: %v", err)
	}
}

func TestProtocols_LeaveTheFactoryWithSettingsThatExist(t *testing.T) {
	t.Parallel()
	for _, p := range scale.Protocols() {
		if _, err := port.ParseLine(p.Line); err != nil {
			t.Errorf("protocol %s: %v", p.Name, err)
		}
	}
}
