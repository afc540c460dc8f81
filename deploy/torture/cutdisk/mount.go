package cutdisk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Disk is a mounted file system on a platter.
type Disk struct {
	*Platter
	Dir string // where the file system is mounted

	undo []func() error // in the order of mounting
}

// Mount makes an ext4 file system on a new platter and mounts it below dir.
func Mount(ctx context.Context, dir string, size int64) (*Disk, error) {
	d := &Disk{Platter: NewPlatter(size), Dir: filepath.Join(dir, "mnt")}
	if err := d.mount(ctx, dir); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Disk) mount(ctx context.Context, dir string) error {
	served := filepath.Join(dir, "fuse")
	for _, path := range []string{served, d.Dir} {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return fmt.Errorf("mount disk: %w", err)
		}
	}
	server, err := fs.Mount(served, &root{platter: d.Platter}, &fs.Options{
		MountOptions: fuse.MountOptions{DirectMount: true, MaxWrite: 1 << 20, FsName: "cutdisk", Name: "cutdisk"},
	})
	if err != nil {
		return fmt.Errorf("serve disk by FUSE (needs root and /dev/fuse): %w", err)
	}
	d.undo = append(d.undo, server.Unmount)
	loop, err := run(ctx, "losetup", "--find", "--show", filepath.Join(served, "disk"))
	if err != nil {
		return err
	}
	d.undo = append(d.undo, func() error { _, err := run(context.WithoutCancel(ctx), "losetup", "--detach", loop); return err })
	if _, err := run(ctx, "mkfs.ext4", "-q", "-F", loop); err != nil {
		return err
	}
	if _, err := run(ctx, "mount", "-o", "commit=5", loop, d.Dir); err != nil {
		return err
	}
	d.undo = append(d.undo, func() error { _, err := run(context.WithoutCancel(ctx), "umount", d.Dir); return err })
	return nil
}

// Close unmounts everything. The platter stays readable.
func (d *Disk) Close() error {
	var all []error
	for _, undo := range slices.Backward(d.undo) {
		all = append(all, undo())
	}
	d.undo = nil
	return errors.Join(all...)
}

// Open mounts a crash image below dir, as a machine does that starts again
// after the cut: the file system replays its journal. The closer unmounts it.
func (img *Image) Open(ctx context.Context, dir string) (mounted string, closer func() error, err error) {
	file, mounted := filepath.Join(dir, "crash.img"), filepath.Join(dir, "after")
	if err := os.MkdirAll(mounted, 0o700); err != nil {
		return "", nil, fmt.Errorf("open image: %w", err)
	}
	if err := os.WriteFile(file, img.Bytes, 0o600); err != nil {
		return "", nil, fmt.Errorf("open image: %w", err)
	}
	if _, err := run(ctx, "mount", "-o", "loop", file, mounted); err != nil {
		return "", nil, err
	}
	return mounted, func() error { _, err := run(context.WithoutCancel(ctx), "umount", mounted); return err }, nil
}

func run(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, text)
	}
	return text, nil
}

// root is the FUSE folder that holds the one file.
type root struct {
	fs.Inode
	platter *Platter
}

func (r *root) OnAdd(ctx context.Context) {
	file := r.NewPersistentInode(ctx, &file{platter: r.platter}, fs.StableAttr{Mode: fuse.S_IFREG})
	r.AddChild("disk", file, false)
}

// file is the platter as a file. Direct I/O keeps the kernel from caching it,
// so that every write and flush of the loop device arrives here.
type file struct {
	fs.Inode
	platter *Platter
}

var (
	_ fs.NodeOpener    = (*file)(nil)
	_ fs.NodeReader    = (*file)(nil)
	_ fs.NodeWriter    = (*file)(nil)
	_ fs.NodeFsyncer   = (*file)(nil)
	_ fs.NodeGetattrer = (*file)(nil)
	_ fs.NodeSetattrer = (*file)(nil)
)

func (f *file) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO, 0
}

func (f *file) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	return fuse.ReadResultData(dest[:f.platter.read(dest, off)]), 0
}

func (f *file) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	return uint32(f.platter.write(data, off)), 0
}

func (f *file) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	f.platter.flush()
	return 0
}

func (f *file) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Size, out.Mode = uint64(f.platter.Size()), 0o600
	return 0
}

func (f *file) Setattr(ctx context.Context, h fs.FileHandle, _ *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return f.Getattr(ctx, h, out)
}
