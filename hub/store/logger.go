package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/cockroachdb/pebble/v2"
)

// logger carries the database's messages into slog, and its fatal errors to
// the store.
type logger struct {
	log  *slog.Logger
	fail func(error)
}

// Infof implements pebble.Logger.
func (l *logger) Infof(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug("pebble", "message", fmt.Sprintf(format, args...))
	}
}

// Errorf implements pebble.Logger.
func (l *logger) Errorf(format string, args ...any) {
	l.log.Error("pebble", "message", fmt.Sprintf(format, args...))
}

// Fatalf implements pebble.Logger. The database calls it where it must not go
// on, for example when its manifest cannot be written: it would delete files
// that the manifest on disk still needs. It expects the process to end there.
// So the goroutine that called stops for ever, and the store tells its owner.
// A failed commit is called on the store's own goroutine, which knows.
func (l *logger) Fatalf(format string, args ...any) {
	l.fail(fmt.Errorf("pebble: %s", strings.TrimPrefix(fmt.Sprintf(format, args...), "pebble: ")))
	if strings.HasPrefix(format, "pebble: fatal commit error") {
		return
	}
	select {}
}

func (l *logger) events() *pebble.EventListener {
	return &pebble.EventListener{
		// The write-ahead log has everything that a failed flush or compaction
		// was about, and the database tries again.
		BackgroundError: func(err error) { l.log.Error("store works behind with an error", "err", err) },
		DiskSlow: func(info pebble.DiskSlowInfo) {
			l.log.Warn("disk is slow", "op", info.OpType.String(), "path", info.Path, "took", info.Duration)
		},
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) { l.log.Warn("store waits for its disk", "reason", info.Reason) },
	}
}
