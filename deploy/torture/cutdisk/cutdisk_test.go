package cutdisk

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func TestCut_KeepsWhatWasFlushedAndAnySubsetOfTheRest(t *testing.T) {
	p := NewPlatter(4 * sector)
	p.write(bytes.Repeat([]byte{1}, 2*sector), 0)
	p.flush()
	p.write(bytes.Repeat([]byte{2}, 2*sector), 2*sector)
	rng := rand.New(rand.NewPCG(1, 2))
	kept, lost := 0, 0
	for range 200 {
		img := p.Cut(rng)
		if !bytes.Equal(img.Bytes[:2*sector], bytes.Repeat([]byte{1}, 2*sector)) {
			t.Fatal("a flushed write is gone")
		}
		for s := 2; s < 4; s++ {
			switch img.Bytes[s*sector] {
			case 2:
				kept++
			case 0:
				lost++
			}
		}
	}
	if kept == 0 || lost == 0 {
		t.Errorf("sectors in flight: %d kept, %d lost; want some of both", kept, lost)
	}
}

// TestCut_ALyingDiskLosesWhatItSaidItFlushed is the negative control.
func TestCut_ALyingDiskLosesWhatItSaidItFlushed(t *testing.T) {
	p := NewPlatter(sector)
	p.Lie(true)
	p.write([]byte{7}, 0)
	p.flush()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		if p.Cut(rng).Bytes[0] == 0 {
			return
		}
	}
	t.Error("a disk that lied lost nothing in 100 cuts")
}

func TestMount_SyncedFilesAreInTheImage(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting a disk needs root: run this test as root")
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("no /dev/fuse here: load the fuse module to run this test")
	}
	ctx := t.Context()
	d, err := Mount(ctx, t.TempDir(), 16<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	f, err := os.Create(filepath.Join(d.Dir, "saved"))
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("green beep")
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	img := d.Cut(rand.New(rand.NewPCG(3, 4)))
	mounted, closer, err := img.Open(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer closer()
	if got, err := os.ReadFile(filepath.Join(mounted, "saved")); err != nil || string(got) != "green beep" {
		t.Errorf("after the cut: %q, %v", got, err)
	}
}
