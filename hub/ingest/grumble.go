package ingest

import (
	"context"
	"log/slog"
	"time"
)

// grumble tells the log of what an agent does wrong, each kind of it at most
// every grumbleEvery, so that a flood of bad frames does not fill the disk.
type grumble struct {
	log  *slog.Logger
	last map[string]told
}

type told struct {
	at         time.Time
	suppressed int
}

const grumbleEvery = 10 * time.Second

func (g *grumble) say(ctx context.Context, kind, message string, attrs ...any) {
	now := time.Now()
	t, known := g.last[kind]
	if known && now.Sub(t.at) < grumbleEvery {
		t.suppressed++
		g.last[kind] = t
		return
	}
	if g.last == nil {
		g.last = make(map[string]told)
	}
	if t.suppressed > 0 {
		attrs = append(attrs, "suppressed", t.suppressed)
	}
	g.log.WarnContext(ctx, message, attrs...)
	g.last[kind] = told{at: now}
}
