package inventory

import (
	"errors"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Errors about copies of a store.
var (
	// ErrBackupName is wrapped by the error about a name that no backup may have.
	ErrBackupName = errors.New("not a name for a backup")
	// ErrBackupExists is wrapped by the error about a name that is taken.
	ErrBackupExists = errors.New("there is a backup of this name already")
)

// Backup says what a copy of a store holds.
type Backup struct {
	Path       string     `json:"-"`       // the folder of the copy
	Time       time.Time  `json:"time"`    // when the copy was asked for: it holds everything that was answered before
	Version    string     `json:"version"` // of the hub's program
	Warehouses []BackedUp `json:"warehouses"`
}

// BackedUp is how much a copy holds of one warehouse.
type BackedUp struct {
	Warehouse stock.Warehouse `json:"warehouse"`
	Epoch     string          `json:"epoch"` // hexadecimal
	Applied   stock.Seq       `json:"applied"`
}

// BackedUp gives what a copy with this state holds.
func (s *WarehouseState) BackedUp() BackedUp {
	return BackedUp{Warehouse: s.Warehouse, Epoch: s.Box.Epoch.String(), Applied: s.Applied}
}

// Reborn turns the state of a copy into that of a new life of the store, in
// which nobody has a session: every box has to say hello, and so tells what it
// has and the copy forgot. The session that Box keeps was never given to
// anybody, and those that are given later are greater.
//
// The down stream has to begin anew with it: what the former life numbered
// after the copy was made is not known here, and numbers must not be used twice.
func (s *WarehouseState) Reborn(now time.Time) {
	s.Newest = max(s.Newest+1, Session(max(0, now.UnixMilli())))
	s.Box.Session, s.Box.Boot, s.Box.Nonce = s.Newest, Boot{}, 0
	s.Candidate, s.Frozen = nil, nil
	s.Down = DownState{}
}
