package hubd

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// resident gives the bytes that this process has in memory.
func resident(t *testing.T) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("this system does not tell: ", err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

func TestBallast_TakesNoRoomUntilItIsWrittenTo(t *testing.T) {
	before := resident(t)
	b := Ballast()
	if grown := resident(t) - before; grown > ballast/4 {
		t.Errorf("the process grew by %d bytes", grown)
	}
	for i := range b {
		b[i] = 1
	}
	if grown := resident(t) - before; grown < ballast*3/4 {
		t.Errorf("written to, it grew by %d bytes only: this test shows nothing", grown)
	}
	runtime.KeepAlive(b)
}
