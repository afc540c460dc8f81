package ledger_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// BenchmarkTwoSyncs is the floor of BenchmarkAppend at one caller: two
// overwrites of a page of a preallocated file, each with its fdatasync.
func BenchmarkTwoSyncs(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	for i := range int64(16) {
		f.WriteAt(page, i*4096)
	}
	f.Sync()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		for _, at := range []int64{int64(4 + i%8), int64(i % 2)} {
			page[0] = byte(i)
			if _, err := f.WriteAt(page, at*4096); err != nil {
				b.Fatal(err)
			}
			if err := syscall.Fdatasync(int(f.Fd())); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}
