package station_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/deploy/fleet"
	"github.com/forestock/forestock/firmware-bridge/sim"
)

var busy = flag.Duration("busy", 3*time.Second, "how long BenchmarkStations scans")

const (
	busyStations = 4
	// busyEvery is the time between two scans at one station: 20 a second in all.
	busyEvery = 200 * time.Millisecond
)

// BenchmarkStations scans 20 times a second at four stations, each with a page
// of its own in a real browser, and reports what staff wait for: from the bytes
// on the scanner's line to the frame that shows the saved piece, and to the
// start of its sound. It fails when a scan is lost. The agent is a process of
// its own, whose memory is reported, too.
func BenchmarkStations(b *testing.B) {
	browser := browser(b)
	var pid atomic.Int64
	scanners := make([]*sim.Scanner, busyStations)
	dir := b.TempDir()
	catalogue := filepath.Join(dir, "catalogue.csv")
	if err := os.WriteFile(catalogue, []byte(dayCatalogue), 0o600); err != nil {
		b.Fatal(err)
	}
	extra := make([]*sim.Cable, busyStations)
	for i := range extra[1:] {
		cable, err := sim.NewCable(filepath.Join(dir, "dev", fmt.Sprint("more-", i+2)))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { cable.Close() })
		extra[i+1] = cable
		scanners[i+1] = sim.NewScanner(cable, sim.ScannerConfig{})
	}
	f, err := fleet.New(fleet.Options{
		Dir: dir, Warehouses: 1, Catalogue: catalogue, Spawn: true, Repeat: -1, Output: b.Output(),
		Started: func(node string, id int) {
			if node != "hub" {
				pid.Store(int64(id))
			}
		},
		Agent: func(c *agentd.Config) {
			for i, cable := range extra[1:] {
				c.Devices = append(c.Devices, agentd.Device{Name: fmt.Sprint("scanner-", i+2), Kind: "scanner", Port: cable.Name(), Station: fmt.Sprint("s", i+2)})
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	scanners[0] = f.Sites[0].Scanner
	stop := run(b, f.Run)
	b.Cleanup(stop)
	ready, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	if err := f.Ready(ready); err != nil {
		b.Fatal(err)
	}
	s := &shop{tb: b, url: "http://" + f.Sites[0].Station}
	s.until("the catalogue and the devices", func() bool {
		_, a := s.get("/api/status")
		return strings.Contains(a.text, `"items":3`) && strings.Count(a.text, `"state":"ready"`) == busyStations+1
	})
	seats := make([]*seat, busyStations)
	for i := range seats {
		seats[i] = s.seat(browser, fmt.Sprint("s", i+1), scanners[i])
	}
	agentBefore, pagesBefore := used(b, int(pid.Load()), ""), used(b, os.Getpid(), "chrom")
	b.ResetTimer()
	var working sync.WaitGroup
	for i, seat := range seats {
		working.Go(func() { seat.work(b, time.Duration(i)*busyEvery/busyStations) })
	}
	working.Wait()
	b.StopTimer()
	agent, pages := used(b, int(pid.Load()), "")-agentBefore, used(b, os.Getpid(), "chrom")-pagesBefore
	var shown, heard []float64
	for _, seat := range seats {
		m := seat.measured(b)
		shown, heard = append(shown, after(b, seat.sent, m.Shown)...), append(heard, after(b, seat.sent, m.Starts)...)
	}
	b.ReportMetric(float64(len(shown)), "scans")
	b.ReportMetric(percentile(shown, 50), "shown-p50-ms")
	b.ReportMetric(percentile(shown, 99), "shown-p99-ms")
	b.ReportMetric(percentile(heard, 50), "sound-p50-ms")
	b.ReportMetric(percentile(heard, 99), "sound-p99-ms")
	b.ReportMetric(math.Round(100*agent/float64(len(shown)))/100, "agent-cpu-ms/scan")
	b.ReportMetric(math.Round(100*pages/float64(len(shown)))/100, "pages-cpu-ms/scan")
	b.ReportMetric(memory(b, int(pid.Load())), "agent-peak-MB")
}

// seat is one station of the benchmark.
type seat struct {
	tab     *tab
	scanner *sim.Scanner
	sent    []float64 // when each scan was sent, ms of the wall clock
}

// watch notes on the page when the frame came that shows so many pieces, and
// when tones began.
const watch = `(() => {
  const m = window.measured = { shown: [], starts: [] };
  const now = () => performance.timeOrigin + performance.now();
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (...a) {
    if (!a.length) m.starts.push(now()); // spoken words are started with a time
    return start.apply(this, a);
  };
  const count = () => Number((document.getElementById("tally").innerText.match(/(\d+) 件/) ?? [0, 0])[1]);
  new MutationObserver(() => {
    const n = count();
    if (n <= m.told) return;
    m.told = n;
    requestAnimationFrame(() => setTimeout(() => { while (m.shown.length < n) m.shown.push(now()); }));
  }).observe(document.getElementById("tally"), { childList: true, subtree: true, characterData: true });
  m.told = 0;
  return "";
})()`

// seat opens a station's page and begins to receive there.
func (s *shop) seat(browser context.Context, station string, scanner *sim.Scanner) *seat {
	s.tb.Helper()
	p := s.open(browser, "/?station="+station, 1024, 600)
	one := &shop{tb: s.tb, url: s.url, scanner: scanner}
	one.card(floor.GoReceive)
	p.reads("mode", "收货")
	p.eval(watch)
	return &seat{tab: p, scanner: scanner}
}

// work scans at a steady pace, and waits until the page has shown all of it.
func (s *seat) work(b *testing.B, after time.Duration) {
	b.Helper()
	codes := []string{"]E06901230001345", "]C1010690123000066917491231" + "10L1", "]C1010690123000066917491231" + "10L2"} // none twice in a row
	first := time.NewTimer(after)
	defer first.Stop()
	<-first.C
	tick := time.NewTicker(busyEvery)
	defer tick.Stop()
	for n := range int(*busy / busyEvery) {
		s.sent = append(s.sent, float64(time.Now().UnixMicro())/1000)
		if err := s.scanner.Scan(codes[n%len(codes)]); err != nil {
			b.Error(err)
			return
		}
		<-tick.C
	}
	s.tab.until("all scans on the page", fmt.Sprintf("measured.shown.length >= %d", len(s.sent)))
}

type measured struct {
	Shown  []float64
	Starts []float64 // of tones
}

func (s *seat) measured(b *testing.B) measured {
	b.Helper()
	var m measured
	if err := json.Unmarshal([]byte(s.tab.eval("JSON.stringify(measured)")), &m); err != nil {
		b.Fatal(err)
	}
	return m
}

// after gives how long after each scan something came.
func after(b *testing.B, sent, came []float64) []float64 {
	b.Helper()
	if len(came) != len(sent) {
		b.Fatalf("%d scans, and %d were shown or sounded", len(sent), len(came))
	}
	out := make([]float64, len(sent))
	for i := range sent {
		out[i] = came[i] - sent[i]
	}
	return out
}

func percentile(all []float64, p int) float64 {
	slices.Sort(all)
	return math.Round(10*all[(len(all)-1)*p/100]) / 10
}

// memory gives the most that a process ever had in memory, in MB.
func memory(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			kb, err := strconv.ParseFloat(strings.Fields(string(rest))[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return math.Round(kb / 1024)
		}
	}
	b.Fatal("no VmHWM")
	return 0
}

// used gives how much processor time a process and what it started have used,
// in ms; of those only that have a part in their name.
func used(b *testing.B, pid int, name string) float64 {
	b.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	parent, ticks := map[int]int{}, map[int]float64{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		before, after, ok := strings.Cut(string(text), ") ")
		fields := strings.Fields(after)
		if err != nil || !ok || len(fields) < 13 {
			continue // it has ended
		}
		id, _ := strconv.Atoi(strings.Split(file, "/")[2])
		parent[id], _ = strconv.Atoi(fields[1])
		for _, field := range fields[11:13] { // user and system, in hundredths of a second
			n, _ := strconv.ParseFloat(field, 64)
			if strings.Contains(before, name) {
				ticks[id] += n
			}
		}
	}
	var sum float64
	for id := range ticks {
		for at := id; at > 1; at = parent[at] {
			if at == pid {
				sum += 10 * ticks[id]
				break
			}
		}
	}
	return sum
}
