package hubd

import (
	"path/filepath"
	"time"

	"github.com/forestock/forestock/hub/store"
)

// Rebuilt says what a rebuilt store begins with.
type Rebuilt = store.Rebuilt

// Rebuild puts a fresh store in the place of the one in data, which is moved
// aside, to a folder beside it that is named for the time: see store.Rebuild.
func Rebuild(data string, now time.Time) (Rebuilt, error) {
	return store.Rebuild(data, filepath.Clean(data)+".before-"+now.UTC().Format("20060102T150405Z"), store.Options{})
}
