package settings

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"
)

// Log says how a program logs.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn or error
	Format string `yaml:"format"` // auto, text or json; auto is text on a terminal
}

// DefaultLog logs from info on, as text on a terminal and as JSON otherwise.
func DefaultLog() Log { return Log{Level: "info", Format: "auto"} }

// Validate checks the two words.
func (l Log) Validate() error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		return fmt.Errorf("log.level %q: one of debug, info, warn, error", l.Level)
	}
	switch l.Format {
	case "auto", "text", "json":
		return nil
	}
	return fmt.Errorf("log.format %q: one of auto, text, json", l.Format)
}

// New makes the logger. The settings must be valid.
func (l Log) New(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if l.Format == "text" || (l.Format == "auto" && isTerminal(w)) {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
