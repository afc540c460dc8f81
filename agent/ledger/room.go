package ledger

// Room gives the bytes that new work may still take before it is refused; 0
// when it is refused. Trimming gives more. It reads memory, and where the
// file's space is not reserved asks the file system.
func (l *Ledger) Room() int64 {
	limit := l.options.MaxSize
	room := limit - growStep(limit) - keptBack(limit) - l.used.Load()
	if !l.reserved {
		if free := diskFree(l.path); free >= 0 {
			room = min(room, free-l.diskFloor)
		}
	}
	return max(room, 0)
}
