package floor

// Reason names a refusal for programs. The strings are stable: they are the
// reasons of the JSON API.
type Reason string

// The reasons.
const (
	UnknownCode   Reason = "UNKNOWN_CODE"
	CheckDigit    Reason = "CHECK_DIGIT"
	BadCode       Reason = "BAD_CODE"
	Expired       Reason = "EXPIRED"
	WrongLot      Reason = "WRONG_LOT"
	NoStock       Reason = "NO_STOCK"
	NotEnough     Reason = "NOT_ENOUGH"
	DateConflict  Reason = "DATE_CONFLICT"
	BadDate       Reason = "BAD_DATE"
	NoDate        Reason = "NO_DATE"
	TooLate       Reason = "TOO_LATE"
	BadQuantity   Reason = "BAD_QUANTITY"
	WrongUnit     Reason = "WRONG_UNIT"
	NoPrice       Reason = "NO_PRICE"
	Removed       Reason = "REMOVED"
	NeedBadge     Reason = "NEED_BADGE"
	NotHere       Reason = "NOT_HERE"
	Unsaved       Reason = "UNSAVED"
	NoWeight      Reason = "NO_WEIGHT"
	SamePlace     Reason = "SAME_PLACE"
	NothingToUndo Reason = "NOTHING_TO_UNDO"
	MovedOn       Reason = "MOVED_ON"
	Overrun       Reason = "OVERRUN"
	Busy          Reason = "BUSY"
	DiskFull      Reason = "DISK_FULL"
	LedgerStopped Reason = "LEDGER_STOPPED"
	LedgerUnsure  Reason = "LEDGER_UNSURE" // it is open whether it was saved
	LedgerRefused Reason = "LEDGER_REFUSED"
	LookUpFailed  Reason = "LOOK_UP_FAILED"
	NoOrder       Reason = "NO_ORDER"
	OrderTaken    Reason = "ORDER_TAKEN"
	OrderGone     Reason = "ORDER_GONE"
	WrongItem     Reason = "WRONG_ITEM"
	WrongBin      Reason = "WRONG_BIN"
	TooMany       Reason = "TOO_MANY"
	TooOld        Reason = "TOO_OLD" // sooner expired than the order allows
	NoSubstitute  Reason = "NO_SUBSTITUTE"
	UnknownBadge  Reason = "UNKNOWN_BADGE"
	WrongPIN      Reason = "WRONG_PIN"
	BadgeLocked   Reason = "BADGE_LOCKED"
	NeedSecond    Reason = "NEED_SECOND"
	ShortLife     Reason = "SHORT_LIFE"
	OffSale       Reason = "OFF_SALE"
	WrongZone     Reason = "WRONG_ZONE"
	TooDear       Reason = "TOO_DEAR"
	CountAgain    Reason = "COUNT_AGAIN"
	NoPeer        Reason = "NO_PEER"
	BadManifest   Reason = "BAD_MANIFEST"
	OverNotice    Reason = "OVER_NOTICE" // more than the supplier announced
)
