package settings

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Version is the release; builds set it with -ldflags "-X".
var Version = "0.1.0-dev"

// VersionText is what --version prints: the release, the commit it was built
// from where the build knows it, and the toolchain.
func VersionText() string {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = " commit " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return fmt.Sprintf("%s%s %s %s/%s", Version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
