package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newRoot() *cobra.Command {
	return &cobra.Command{
		Use:   "firmware-bridge",
		Short: "Find, watch and simulate scales and barcode scanners",
		Long: `Find, watch and simulate scales and barcode scanners.

The agent talks to devices by itself; this program is for setting them up and for trying things without hardware.`,
		Version:       version(),
		SilenceErrors: true, // main prints them
		SilenceUsage:  true,
	}
}

// version is what the build recorded: a tag, or the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (v == "" || v == "(devel)") {
			v = s.Value
		}
	}
	return v
}
