package agentd

import (
	"fmt"
	"math"
	"time"

	"github.com/forestock/forestock/agent/devices"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/agent/uplink"
)

// Status is how the agent is, as /api/status says it and the page shows it.
type Status struct {
	Warehouse string         `json:"warehouse"`
	Version   string         `json:"version"`
	Time      time.Time      `json:"time"` // the box's clock
	Stations  []string       `json:"stations"`
	Ledger    LedgerStatus   `json:"ledger"`
	Link      LinkStatus     `json:"link"`
	Disk      DiskStatus     `json:"disk"`
	Backup    BackupStatus   `json:"backup"`
	Devices   []DeviceStatus `json:"devices"`
}

// LedgerStatus is how far the warehouse's book has come.
type LedgerStatus struct {
	Epoch  string `json:"epoch"`
	First  uint64 `json:"first"`  // oldest entry that is kept
	Last   uint64 `json:"last"`   // newest entry
	Unsent uint64 `json:"unsent"` // entries that the hub has not stored
	Digest string `json:"digest"` // root of the digest of all levels, hexadecimal
	SKUs   int    `json:"skus"`
	Items  int    `json:"items"` // of the catalogue
	// CommitMillis is how long the newest commit took: what a scan waits for.
	CommitMillis float64 `json:"commit_ms"`
	// Damaged are places where the file is not what was written. Scrubbed is
	// when it was last read through; null for never.
	Damaged  []DamageStatus `json:"damaged"`
	Scrubbed *time.Time     `json:"scrubbed"`
	// Restored says how the file was made whole again, Predecessor in place of
	// which ledger it was made, TookOver whose levels it took over; null for never.
	Restored    *RestoredStatus    `json:"restored"`
	Predecessor *PredecessorStatus `json:"predecessor"`
	TookOver    *TookOverStatus    `json:"took_over"`
}

// RestoredStatus is how a damaged ledger was made whole again.
type RestoredStatus struct {
	Time     time.Time `json:"time"`
	Why      string    `json:"why"`      // what was damaged
	SetAside string    `json:"file"`     // the damaged file
	Snapshot string    `json:"snapshot"` // it was begun with; empty when the damaged file gave all
	Last     uint64    `json:"last"`     // newest entry that was restored
	Salvaged uint64    `json:"salvaged"` // entries of the damaged file after the snapshot
	Missing  uint64    `json:"missing"`  // newest entry that the damaged file mentions and the ledger lacks; 0 for none
	Reborn   bool      `json:"reborn"`   // nothing could be begun with: the ledger is a new one
}

// PredecessorStatus is the ledger in whose place this one was made.
type PredecessorStatus struct {
	Epoch string    `json:"epoch"`
	Last  uint64    `json:"last"`   // its newest entry that could be read
	Sent  uint64    `json:"stored"` // newest entry that it knew to be stored at the hub
	Time  time.Time `json:"time"`   // when it was set aside
	File  string    `json:"file"`
	Why   string    `json:"why"`
	// Waiting says that the levels were not taken over yet, so that those of this
	// ledger are not the warehouse's.
	Waiting bool `json:"waiting"`
}

// TookOverStatus says whose levels the ledger took over.
type TookOverStatus struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`  // entry that they are as of
	Last  uint64 `json:"last"` // entry with which they were taken over
}

// DamageStatus is a damaged place of the ledger's file.
type DamageStatus struct {
	From uint64 `json:"from"` // first entry; 0 where the damage is in none
	To   uint64 `json:"to"`   // last entry
	What string `json:"what"`
}

// LinkStatus is how the line to the hub is.
type LinkStatus struct {
	State     string     `json:"state"` // offline, connecting, hello, takeover, draining, synced or fenced
	Online    bool       `json:"online"`
	Broker    string     `json:"broker"`
	LastAck   *time.Time `json:"last_ack"` // when the hub last stored something new; null for never
	RoundTrip float64    `json:"round_trip_ms"`
	Fence     string     `json:"fence"` // why the hub refuses this box
	Error     string     `json:"error"`
	Hint      string     `json:"hint"` // what to do about the error
	Alarm     string     `json:"alarm"`
}

// DiskStatus is how much room there is.
type DiskStatus struct {
	UsedBytes int64 `json:"used_bytes"` // of the ledger's file
	MaxBytes  int64 `json:"max_bytes"`  // of the ledger's file
	FreeBytes int64 `json:"free_bytes"` // in its file system; -1 where unknown
	Reserved  bool  `json:"reserved"`   // the file's space is the ledger's, whatever others write
	Full      bool  `json:"full"`       // new work is refused
	// DaysLeft is for how long new work fits while the hub is away; Low says
	// that it is less than three days.
	DaysLeft float64 `json:"days_left"`
	Low      bool    `json:"low"`
}

// BackupStatus is how the snapshots of the ledger are.
type BackupStatus struct {
	Dir   string     `json:"dir"`   // empty while none are taken
	Last  *time.Time `json:"last"`  // when the newest good one was taken; null for never
	Alarm string     `json:"alarm"` // why the newest attempt failed, and what to do
	// SameDisk says that they go to the ledger's own disk, and are lost with it.
	SameDisk bool `json:"same_disk"`
}

// DeviceStatus is how a device is.
type DeviceStatus struct {
	Name       string    `json:"name"`
	Kind       string    `json:"kind"`
	Station    string    `json:"station"`
	State      string    `json:"state"`
	Since      time.Time `json:"since"`
	Message    string    `json:"message"` // what is wrong and what to do
	Address    string    `json:"address"`
	Node       string    `json:"node"`
	Events     uint64    `json:"events"`
	Suppressed uint64    `json:"double_reads"`
	Broken     uint64    `json:"broken"`
	// Waiting is how many labels a printer has not printed yet; its events are
	// those that it has, and broken those that found too many waiting.
	Waiting int `json:"waiting,omitempty"`
}

// status gives the state of the shift.
func (s *shift) status() Status {
	l := s.ledger.Status()
	out := Status{
		Warehouse: s.cfg.Warehouse, Version: s.version, Time: time.Now(), Stations: s.stations,
		Ledger: ledgerStatus(&l, s.ledger), Link: linkStatus(s.uplink.Status()),
		Disk: diskStatus(&l, s.upkeep.budget.days()), Backup: s.upkeep.backup.status(), Devices: []DeviceStatus{},
	}
	out.Ledger.Damaged, out.Ledger.Scrubbed = s.upkeep.scrub.status()
	for _, d := range s.devices.States() {
		out.Devices = append(out.Devices, deviceStatus(d))
	}
	for _, p := range s.printing.printers {
		out.Devices = append(out.Devices, printerStatus(p.State()))
	}
	return out
}

func ledgerStatus(s *ledger.Status, l *ledger.Ledger) LedgerStatus {
	digest, _ := l.Digest()
	out := LedgerStatus{
		Epoch: s.Position.Epoch.String(), First: uint64(s.Position.First), Last: uint64(s.Position.Last), Unsent: s.Unsent,
		Digest: fmt.Sprintf("%016x", digest.Root()), SKUs: s.SKUs, Items: s.Items,
		CommitMillis: millis(s.LastCommit),
	}
	out.past(s)
	return out
}

// past fills in what was before the ledger.
func (l *LedgerStatus) past(s *ledger.Status) {
	if r := s.Restored; r != nil {
		l.Restored = &RestoredStatus{r.Time, r.Why, r.SetAside, r.Snapshot, uint64(r.Last), r.Salvaged, uint64(r.Missing), r.Reborn}
	}
	if n := len(s.Predecessors); n > 0 {
		p := s.Predecessors[n-1]
		l.Predecessor = &PredecessorStatus{p.Position.Epoch.String(), uint64(p.Position.Last), uint64(p.Stored), p.SetAside, p.Path, p.Why, s.TookOver.IsZero() && s.Stored == 0}
	}
	if t := s.TookOver; !t.IsZero() {
		l.TookOver = &TookOverStatus{t.Epoch.String(), uint64(t.Seq), uint64(t.Last)}
	}
}

func diskStatus(s *ledger.Status, days float64) DiskStatus {
	return DiskStatus{
		UsedBytes: s.UsedBytes, MaxBytes: s.MaxBytes, FreeBytes: s.DiskFree, Reserved: s.ReservedDisk, Full: s.Full,
		DaysLeft: math.Round(days*10) / 10, Low: days < lowDays,
	}
}

func linkStatus(s uplink.Status) LinkStatus {
	out := LinkStatus{
		State: string(s.State), Online: s.State == uplink.Synced || s.State == uplink.Draining || s.State == uplink.TakingOver,
		Broker: s.Broker, RoundTrip: millis(s.RoundTrip), Fence: s.Fence, Error: s.Error, Hint: s.Hint, Alarm: s.Alarm,
	}
	if !s.LastAck.IsZero() {
		out.LastAck = &s.LastAck
	}
	return out
}

func deviceStatus(d devices.State) DeviceStatus {
	return DeviceStatus{
		Name: d.Device, Kind: string(d.Kind), Station: d.Station, State: string(d.Word), Since: d.Since, Message: d.Message,
		Address: d.Address, Node: d.Node, Events: d.Events, Suppressed: d.Suppressed, Broken: d.Broken,
	}
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
