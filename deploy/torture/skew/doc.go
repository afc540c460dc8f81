// Package skew turns the wall clock of one running program, as somebody does
// who sets a machine's clock, while the rest of the machine keeps its time.
//
// It promises that only the wall clock of that process jumps: its monotonic
// clock and its timers go on as they were, which is what setting a clock does.
// Go programs read the clock without a system call, so no tracer can change
// what they see; this package rewrites the kernel's clock function (the vDSO)
// in the memory of that one process. It needs Linux on amd64, and the right to
// trace the process: a child of this one, or root.
package skew
