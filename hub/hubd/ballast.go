package hubd

// ballast is as large as what a hub may throw away, at least, between two runs
// of the garbage collector.
const ballast = 64 << 20

// Ballast gives memory that is never written to, and so takes up no room: ask for it
// first, before there is memory to be used again. Keep it alive while a hub runs. The garbage collector runs whenever the heap has
// doubled: that of a small hub would double dozens of times a second under load,
// and each time all of it is looked at. With the ballast there are at least 64 MB
// between two runs, and a hub of any size needs that much more memory at most. It
// counts in the heap that the runtime's metrics show, not in the process's memory.
func Ballast() []byte { return make([]byte, ballast) }
