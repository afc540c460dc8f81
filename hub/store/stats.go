package store

// Stats tells what the store did since it was opened, and what it holds.
type Stats struct {
	Groups    uint64 // syncs
	Commands  uint64
	Entries   uint64 // ledger entries stored
	Bytes     uint64 // written to the write-ahead log, before it is rounded up to pages
	DiskBytes uint64 // in use on disk now; 0 once the store is closed or broken
}

// Stats gives the counters.
func (p *Pebble) Stats() Stats {
	s := Stats{
		Groups: p.stats.groups.Load(), Commands: p.stats.commands.Load(),
		Entries: p.stats.entries.Load(), Bytes: p.stats.bytes.Load(),
	}
	p.life.RLock()
	defer p.life.RUnlock()
	select {
	case <-p.failed: // the database may hold its locks for ever
	default:
		if !p.closed {
			s.DiskBytes = p.db.Metrics().DiskSpaceUsage()
		}
	}
	return s
}

func (p *Pebble) count(g *group) {
	entries := 0
	for i := range g.changes.Runs {
		entries += len(g.changes.Runs[i].Entries)
	}
	p.stats.commands.Add(uint64(g.commands))
	p.stats.entries.Add(uint64(entries))
	if g.batch != nil {
		p.stats.groups.Add(1)
		p.stats.bytes.Add(uint64(g.bytes))
	}
}
