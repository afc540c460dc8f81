package hubd

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
)

// backup gives what makes backups in the configured folder; nil without one.
func (h *Hub) backup(version string) func(context.Context, string) (inventory.Backup, error) {
	if h.cfg.BackupDir == "" {
		return nil
	}
	return func(ctx context.Context, name string) (inventory.Backup, error) {
		b, err := h.store.Backup(h.cfg.BackupDir, name, version)
		if err != nil {
			return inventory.Backup{}, err
		}
		if whole, err := filepath.Abs(b.Path); err == nil {
			b.Path = whole
		}
		h.log.InfoContext(ctx, "backup made", "path", b.Path, "warehouses", len(b.Warehouses))
		return b, nil
	}
}

// Restore makes a new store in an empty folder from a backup, as the beginning
// of a new life: see store.Restore.
func Restore(backup, data string) (inventory.Backup, error) {
	return store.Restore(backup, data, store.Options{})
}

// within tells whether a folder is another one or inside of it.
func within(outer, folder string) bool {
	a, err1 := filepath.Abs(outer)
	b, err2 := filepath.Abs(folder)
	if err1 != nil || err2 != nil {
		return false
	}
	rel, err := filepath.Rel(a, b)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
