package inject

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

// TestMain lets the test binary be the program under test: it writes three
// files' worth of lines, each synced before it is announced.
func TestMain(m *testing.M) {
	if path := os.Getenv("INJECT_WRITE"); path != "" {
		os.Exit(write(path))
	}
	os.Exit(m.Run())
}

func write(path string) int {
	// strace counts calls for each thread.
	runtime.LockOSThread()
	f, err := os.Create(path)
	if err != nil {
		return 2
	}
	for range 3 {
		f.WriteString("line\n")
		if err := f.Sync(); err != nil {
			os.Stdout.WriteString("failed\n")
			return 3
		}
		os.Stdout.WriteString("saved\n")
	}
	return 0
}

func TestRun_HitsExactlyTheNthCall(t *testing.T) {
	if err := Available(); err != nil {
		t.Skip(err)
	}
	for _, tt := range []struct {
		fault  Fault
		saved  int
		killed bool
		code   int
		fired  bool
	}{
		{Fault{"fsync", 2, "signal=KILL"}, 1, true, -1, true},
		{Fault{"fsync", 3, "error=EIO"}, 2, false, 3, true},
		{Fault{"fsync", 9, "error=EIO"}, 3, false, 0, false},
	} {
		t.Run(tt.fault.String(), func(t *testing.T) {
			dir := t.TempDir()
			got, err := Run(t.Context(), dir, tt.fault, []string{"INJECT_WRITE=" + dir + "/out"}, os.Args[0])
			if err != nil {
				t.Fatal(err)
			}
			if saved := strings.Count(got.Stdout, "saved"); saved != tt.saved || got.Killed != tt.killed || got.Fired != tt.fired {
				t.Errorf("%s: %d saved, %+v; want %d saved, killed %v, fired %v", tt.fault, saved, got, tt.saved, tt.killed, tt.fired)
			}
			if !tt.killed && got.Code != tt.code {
				t.Errorf("exit code %d, want %d", got.Code, tt.code)
			}
		})
	}
}
