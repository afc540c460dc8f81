package ledger

import (
	"errors"
	"fmt"

	"github.com/forestock/forestock/proto/stock"
)

// The errors that callers branch on. The typed errors of this package match
// them with errors.Is.
var (
	// ErrClosed is returned when Run has ended, or ends before the call was
	// taken up: nothing was written.
	ErrClosed = errors.New("ledger is closed")
	// ErrBroken is returned when a write failed in a way that leaves open
	// whether it is on disk. The process must stop; after the restart the same
	// command id tells.
	ErrBroken = errors.New("ledger is broken")
	// ErrFull is returned when there is no room for new work; nothing was written.
	ErrFull = errors.New("ledger is full")
	// ErrDamaged is returned when what was read is not what was written.
	ErrDamaged = errors.New("ledger is damaged")
	// ErrCommandReused is returned when a command id comes back with other content.
	ErrCommandReused = errors.New("command id was used for something else")
	// ErrCount is returned when a count does not fit the book it was made against.
	ErrCount = errors.New("count does not fit the book")
	// ErrUndo is returned when an entry cannot be undone.
	ErrUndo = errors.New("entry cannot be undone")
	// ErrTrimmed is returned when an entry is no longer kept.
	ErrTrimmed = errors.New("entry is no longer kept")
	// ErrAhead is returned when somebody speaks of an entry that does not exist yet.
	ErrAhead = errors.New("entry does not exist yet")
	// ErrLocked is returned when another process has the file open.
	ErrLocked = errors.New("ledger file is in use")
	// ErrFormat is returned when a newer program made the file.
	ErrFormat = errors.New("ledger format is not known")
	// ErrWarehouse is returned when the file belongs to another warehouse.
	ErrWarehouse = errors.New("ledger belongs to another warehouse")
)

// FullError says how full the ledger is.
type FullError struct {
	Used, Limit int64 // bytes of the file
	Free        int64 // bytes free in the file system; -1 where it does not matter
}

// Error describes the lack of room.
func (e *FullError) Error() string {
	if e.Free >= 0 {
		return fmt.Sprintf("%v: %d bytes free on its disk", ErrFull, e.Free)
	}
	return fmt.Sprintf("%v: %d of %d bytes in use", ErrFull, e.Used, e.Limit)
}

// Is makes errors.Is(err, ErrFull) true.
func (e *FullError) Is(target error) bool { return target == ErrFull }

// Message is what staff read: what happened and what to do.
func (e *FullError) Message() string {
	return "存储已满，这一笔没有保存。请联系管理员清理磁盘。 / Storage is full, this was NOT saved. Ask your administrator to free disk space."
}

// DamagedError names the place where the file is not what was written.
type DamagedError struct {
	Path string
	Seq  stock.Seq // the entry; 0 where the damage is elsewhere
	What string
}

// Error names the file, the place and the way out.
func (e *DamagedError) Error() string {
	place := ""
	if e.Seq != 0 {
		place = fmt.Sprintf(" at entry %d", e.Seq)
	}
	return fmt.Sprintf("%v: %s%s: %s; the agent restores it when it starts again, or run `agent ledger restore`", ErrDamaged, e.Path, place, e.What)
}

// Is makes errors.Is(err, ErrDamaged) true.
func (e *DamagedError) Is(target error) bool { return target == ErrDamaged }

// Message is what staff read.
func (e *DamagedError) Message() string {
	return "账本文件损坏，请立即联系管理员。 / The ledger file is damaged. Call your administrator now."
}

// ReusedError names the entry that a command id stands for.
type ReusedError struct {
	Command string
	First   stock.Seq // first entry of the command as it was booked
}

// Error names the command and its first entry.
func (e *ReusedError) Error() string {
	return fmt.Sprintf("command %q: %v, booked as entry %d", e.Command, ErrCommandReused, e.First)
}

// Is makes errors.Is(err, ErrCommandReused) true.
func (e *ReusedError) Is(target error) bool { return target == ErrCommandReused }

// Message is what staff read.
func (e *ReusedError) Message() string {
	return "这一步已用同一编号保存过别的内容，请重新开始。 / This step was already saved with other content. Please start again."
}

// CountError says why a count cannot be booked.
type CountError struct {
	Cell stock.Cell
	Seen int64 // what the count says the book had
	Book int64 // what the book had at Base
	Base stock.Seq
	Why  string
}

// Error says what does not fit.
func (e *CountError) Error() string {
	return fmt.Sprintf("%v: %s lot %q bin %q at entry %d: %s", ErrCount, e.Cell.SKU, e.Cell.Lot, e.Cell.Bin, e.Base, e.Why)
}

// Is makes errors.Is(err, ErrCount) true.
func (e *CountError) Is(target error) bool { return target == ErrCount }

// Message is what staff read.
func (e *CountError) Message() string {
	return "盘点基准已失效，请重新盘点。 / The count no longer fits the book. Please count again."
}

// UndoError says why an entry cannot be undone.
type UndoError struct {
	Seq stock.Seq
	By  stock.Seq // the entry that undid it already; 0 otherwise
	Why string
}

// Error says which entry and why.
func (e *UndoError) Error() string { return fmt.Sprintf("entry %d: %v: %s", e.Seq, ErrUndo, e.Why) }

// Is makes errors.Is(err, ErrUndo) true.
func (e *UndoError) Is(target error) bool { return target == ErrUndo }

// Message is what staff read.
func (e *UndoError) Message() string {
	if e.By != 0 {
		return "这一笔已经撤销过了。 / This was already undone."
	}
	return "这一笔不能撤销，请做调整。 / This cannot be undone. Book an adjustment instead."
}
