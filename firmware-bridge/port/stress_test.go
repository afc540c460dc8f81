package port_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/sim"
)

// A hundred times the cable is pulled at some moment of a stream and plugged in again. After each opening nothing may come
// that was sent before it, and everything that is sent comes.
func TestPort_SurvivesAHundredUnpluggings(t *testing.T) {
	t.Parallel()
	cable := plug(t)
	b := run(t, cable.Name())
	dice := rand.New(rand.NewPCG(1, 2))
	for i := range 100 {
		b.await(port.Ready)
		frame := fmt.Sprintf("<%03d>", i)
		send(t, cable, frame)
		b.want(frame)
		send(t, cable, fmt.Sprintf("half of %03d", i)[:dice.IntN(10)])
		if err := cable.Unplug(); err != nil {
			t.Fatal(err)
		}
		if dice.IntN(2) == 0 {
			b.await(port.Unplugged)
		}
		if err := cable.Plug(); err != nil {
			t.Fatal(err)
		}
	}
}

// Twenty devices on one program: one is pulled, one never reads, one sends without a pause; the others do not notice.
func TestPort_TwentyDevicesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	const devices = 20
	var cables [devices]*sim.Cable
	var benches [devices]*bench
	for i := range devices {
		cables[i] = plug(t)
		benches[i] = run(t, cables[i].Name(), func(c *port.Config) { c.WriteTimeout = 100 * time.Millisecond })
	}
	for _, b := range benches {
		b.await(port.Ready)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var noise sync.WaitGroup
	t.Cleanup(func() { cancel(); noise.Wait() })
	noise.Go(func() {
		for ctx.Err() == nil {
			cables[0].Write(bytes.Repeat([]byte("noise "), 100))
		}
	})
	noise.Go(func() { benches[1].port.Write(ctx, make([]byte, 1<<20)) }) // nobody reads at the other end
	if err := cables[2].Unplug(); err != nil {
		t.Fatal(err)
	}
	for round := range 20 {
		for i := 3; i < devices; i++ {
			frame := fmt.Sprintf("%d/%d", i, round)
			send(t, cables[i], frame)
			benches[i].want(frame)
		}
	}
	benches[2].await(port.Unplugged)
}

// 115,200 bits per second for ten seconds are 115,200 bytes; here they come as fast as the line takes them, in pieces of
// every size, and all arrive in order.
func TestPort_LosesNothingAtFullSpeed(t *testing.T) {
	t.Parallel()
	cable := plug(t)
	b := run(t, cable.Name(), func(c *port.Config) { c.Line.Baud = 115200 })
	b.await(port.Ready)
	want := make([]byte, 115_200)
	dice := rand.New(rand.NewPCG(3, 4))
	for i := range want {
		want[i] = byte(dice.IntN(256))
	}
	sent := make(chan error, 1)
	go func() {
		for rest := want; len(rest) > 0; {
			n, err := cable.Write(rest[:min(len(rest), 1+dice.IntN(300))])
			if err != nil {
				sent <- err
				return
			}
			rest = rest[n:]
		}
		sent <- nil
	}()
	var got []byte
	for len(got) < len(want) {
		e := b.next()
		if e.Lost > 0 {
			t.Fatalf("%d bytes lost", e.Lost)
		}
		got = append(got, e.Bytes...)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("bytes changed or changed places")
	}
}

// Whatever a port is doing, it stops when it is told to; how fast is in the benchmark.
func TestPort_StopsInEveryState(t *testing.T) {
	t.Parallel()
	absent := run(t, t.TempDir()+"/none")
	absent.await(port.Absent)
	idle := run(t, plug(t).Name())
	idle.await(port.Ready)
	flooded := plug(t)
	ctx, cancel := context.WithCancel(t.Context())
	var noise sync.WaitGroup
	t.Cleanup(func() { cancel(); noise.Wait() })
	noise.Go(func() {
		for ctx.Err() == nil {
			flooded.Write(bytes.Repeat([]byte("noise "), 100))
		}
	})
	busy := run(t, flooded.Name())
	busy.await(port.Ready)
	writing := run(t, plug(t).Name(), func(c *port.Config) { c.WriteTimeout = time.Hour })
	writing.await(port.Ready)
	wrote := make(chan error, 1)
	go func() { wrote <- writing.port.Write(t.Context(), make([]byte, 1<<20)) }()
	for name, b := range map[string]*bench{"absent": absent, "idle": idle, "flooded": busy, "writing": writing} {
		if err := b.stop(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := <-wrote; err == nil {
		t.Error("a write that nobody took succeeded")
	}
}

// BenchmarkPort_Stop measures how long an idle port takes to stop.
func BenchmarkPort_Stop(b *testing.B) {
	cable := plug(b)
	for b.Loop() {
		b.StopTimer()
		bench := run(b, cable.Name())
		bench.await(port.Ready)
		b.StartTimer()
		if err := bench.stop(); err != nil {
			b.Fatal(err)
		}
	}
}
