package api

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// admin is for whoever runs the hub.
type admin struct {
	forestockv1.UnsafeAdminServiceServer
	view   *view
	link   Link
	boxes  Boxes
	log    *slog.Logger
	backup func(ctx context.Context, name string) (inventory.Backup, error)
}

// CreateBackup copies the store.
func (a *admin) CreateBackup(ctx context.Context, req *forestockv1.CreateBackupRequest) (*forestockv1.Backup, error) {
	if a.backup == nil {
		return nil, refuse(codes.FailedPrecondition, NoBackups, "this hub has no folder for backups; set backup_dir in its configuration")
	}
	name := req.GetName()
	if name == "" {
		name = time.Now().UTC().Format("20060102T150405.000Z")
	}
	b, err := a.backup(ctx, name)
	switch {
	case errors.Is(err, inventory.ErrBackupName):
		return nil, invalid(InvalidName, "name", "%v; backups are folders right below the hub's backup_dir", err)
	case errors.Is(err, inventory.ErrBackupExists):
		return nil, refuse(codes.AlreadyExists, BackupExists, "%v; choose another name", err).in("name")
	case err != nil:
		return nil, err
	}
	out := &forestockv1.Backup{Name: name, Path: b.Path, Time: timestamp(b.Time), Version: b.Version}
	for _, w := range b.Warehouses {
		out.Warehouses = append(out.Warehouses, &forestockv1.BackedUpWarehouse{
			Name: warehouseName(w.Warehouse), Epoch: w.Epoch, AppliedSeq: sequence(w.Applied),
		})
	}
	return out, nil
}

// whoever gives who decides something: what the caller says, and the name of the
// token that says it.
func whoever(ctx context.Context, by string) string {
	by = strings.TrimSpace(by)
	if c := callOf(ctx); by != "" && c != nil && c.holder != "" {
		by += " (token of " + c.holder + ")"
	}
	return by
}

// maxDecision bounds the texts of a decision in bytes.
const maxDecision = 200

// decision reads who decides something and why.
func decision(ctx context.Context, by, reason string) (who, why string, _ error) {
	who, why = whoever(ctx, by), strings.TrimSpace(reason)
	if who == "" || why == "" || len(who) > maxDecision || len(why) > maxDecision {
		return "", "", invalid(InvalidDecision, "reason", "say in 1 to %d bytes each who decides it (by) and for what reason (reason)", maxDecision)
	}
	return who, why, nil
}
