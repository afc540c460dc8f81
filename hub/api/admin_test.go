package api

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func (w *world) admin() forestockv1.AdminServiceClient {
	w.t.Helper()
	return forestockv1.NewAdminServiceClient(w.dial())
}

func TestBackup_WithoutAPlaceForItIsRefused(t *testing.T) {
	w := newWorld(t)
	_, err := w.admin().CreateBackup(t.Context(), &forestockv1.CreateBackupRequest{Name: "one"})
	if status.Code(err) != codes.FailedPrecondition {
		t.Errorf("CreateBackup = %v", err)
	}
}
