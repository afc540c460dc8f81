package api

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// sharing hands messages through the in-process channel without copying what
// they point to. Every answer of this package is made for one call and left
// alone once it is given, so both ends may hold it.
type sharing struct{}

// Clone gives the message itself.
func (sharing) Clone(in any) (any, error) { return in, nil }

// Copy makes out hold what in holds.
func (sharing) Copy(out, in any) error {
	from, ok1 := in.(proto.Message)
	to, ok2 := out.(proto.Message)
	if !ok1 || !ok2 || from.ProtoReflect().Descriptor() != to.ProtoReflect().Descriptor() {
		return fmt.Errorf("cannot hand a %T over as a %T", in, out)
	}
	proto.Reset(to)
	target := to.ProtoReflect()
	from.ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		target.Set(fd, v)
		return true
	})
	target.SetUnknown(from.ProtoReflect().GetUnknown())
	return nil
}
