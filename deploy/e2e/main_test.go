package e2e

import (
	"os"
	"testing"

	"github.com/forestock/forestock/deploy/fleet"
)

func TestMain(m *testing.M) {
	fleet.Child()
	os.Exit(m.Run())
}
