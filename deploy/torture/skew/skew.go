package skew

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Clock is the wall clock of a running program.
type Clock struct {
	memory *os.File
	offset int64 // address of the nanoseconds that are added
}

// ErrNoClock is returned for a process into which the kernel has not put its
// functions, or not yet.
var ErrNoClock = errors.New("no vDSO")

// Available reports whether clocks can be turned here.
func Available() error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return fmt.Errorf("clocks can be turned on linux/amd64, not on %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	return nil
}

// function replaces the vDSO's clock_gettime: it asks the kernel, and adds the
// offset to the seconds of CLOCK_REALTIME and to nothing else.
//
//	mov  $228, %eax        clock_gettime(2); rdi and rsi are the caller's
//	syscall
//	test %eax, %eax
//	jnz  end
//	test %edi, %edi        CLOCK_REALTIME is 0
//	jnz  end
//	mov  offset(%rip), %rdx
//	add  %rdx, (%rsi)
//	end: ret
//	offset: .quad 0        in seconds
var function = []byte{
	0xb8, 228, 0, 0, 0,
	0x0f, 0x05,
	0x85, 0xc0,
	0x75, 14,
	0x85, 0xff,
	0x75, 10,
	0x48, 0x8b, 0x15, 4, 0, 0, 0,
	0x48, 0x01, 0x16,
	0xc3,
	0, 0, 0, 0, 0, 0, 0, 0,
}

const offsetAt = 26 // bytes into function

// Of takes hold of the clock of a process. One that was started a moment ago
// may not have a clock yet: ErrNoClock.
func Of(pid int) (c *Clock, err error) {
	if err := Available(); err != nil {
		return nil, err
	}
	from, to, err := vdso(pid)
	if err != nil {
		return nil, err
	}
	memory, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open memory of process %d: %w", pid, err)
	}
	defer func() {
		if err != nil {
			_ = memory.Close() // the reason is err
		}
	}()
	image := make([]byte, to-from)
	if _, err := memory.ReadAt(image, from); err != nil {
		return nil, fmt.Errorf("read vDSO of process %d: %w", pid, err)
	}
	at, err := clockGettime(image)
	if err != nil {
		return nil, err
	}
	c = &Clock{memory: memory, offset: from + at + offsetAt}
	if bytes.HasPrefix(image[at:], function[:offsetAt]) {
		return c, nil // somebody has turned this clock before
	}
	err = stopped(pid, from, to, func() error {
		_, err := memory.WriteAt(function, from+at)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("replace clock of process %d: %w", pid, err)
	}
	return c, nil
}

// Turn sets the clock so much ahead of the machine's, or behind it when d is
// below zero, in whole seconds. Zero sets it right.
func (c *Clock) Turn(d time.Duration) error {
	seconds := binary.LittleEndian.AppendUint64(nil, uint64(d/time.Second))
	if _, err := c.memory.WriteAt(seconds, c.offset); err != nil {
		return fmt.Errorf("turn clock: %w", err)
	}
	return nil
}

// Close lets go of the clock, which stays as it was turned.
func (c *Clock) Close() error { return c.memory.Close() }

// vdso finds where the kernel has put its functions into a process.
func vdso(pid int) (from, to int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, 0, fmt.Errorf("look into process %d: %w", pid, err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasSuffix(strings.TrimSpace(line), "[vdso]") {
			_, err := fmt.Sscanf(line, "%x-%x", &from, &to)
			return from, to, err
		}
	}
	return 0, 0, fmt.Errorf("process %d: %w", pid, ErrNoClock)
}

// clockGettime finds the function in the image of the vDSO.
func clockGettime(image []byte) (int64, error) {
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return 0, fmt.Errorf("read vDSO: %w", err)
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return 0, fmt.Errorf("read vDSO: %w", err)
	}
	for _, s := range symbols {
		if s.Name == "__vdso_clock_gettime" && s.Size >= uint64(len(function)) && s.Value+s.Size <= uint64(len(image)) {
			return int64(s.Value), nil
		}
	}
	return 0, errors.New("the vDSO has no __vdso_clock_gettime to replace")
}
