// Package cutdisk is a disk whose power can be cut: a file served by FUSE,
// behind a loop device, with a real file system on it.
//
// It promises that a crash image holds every write that was flushed before the
// cut, and any subset, down to torn sectors, of those that were not. It needs
// root, /dev/fuse and loop devices.
package cutdisk
