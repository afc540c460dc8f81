package chance_test

import (
	"bytes"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forestock/forestock/deploy/sim/chance"
)

func TestDice_DependOnSeedNameAndMomentOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := chance.New(1)
		first := d.Now("a").Uint64()
		if again := d.Now("a").Uint64(); again != first {
			t.Errorf("drew %d and then %d in one moment", first, again)
		}
		if d.Now("b").Uint64() == first || chance.New(2).Now("a").Uint64() == first {
			t.Error("another name or seed drew the same")
		}
		time.Sleep(time.Nanosecond)
		if d.Now("a").Uint64() == first {
			t.Error("another moment drew the same")
		}
	})
}

func TestDice_ReaderRepeats(t *testing.T) {
	read := func(seed uint64) []byte {
		b := make([]byte, 64)
		if _, err := io.ReadFull(chance.New(seed).Reader(), b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !bytes.Equal(read(1), read(1)) || bytes.Equal(read(1), read(2)) {
		t.Error("a seed decides the bytes")
	}
}
