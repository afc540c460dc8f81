package port

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Found is a serial port that the system knows.
type Found struct {
	Node   string   `json:"node"`              // such as /dev/ttyUSB0; changes when devices are plugged in another order
	ByID   []string `json:"by_id,omitempty"`   // stable names made of maker, model and serial number
	ByPath []string `json:"by_path,omitempty"` // stable names made of the socket the device is plugged into
	USB    *USB     `json:"usb,omitempty"`     // nil when it is no USB device
	Driver string   `json:"driver,omitempty"`
}

// USB is what a USB device says about itself. Blank attributes are empty.
type USB struct {
	Vendor       string `json:"vendor"`  // four hex digits
	Product      string `json:"product"` // four hex digits
	Serial       string `json:"serial,omitempty"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Name         string `json:"name,omitempty"`
	Interface    string `json:"interface,omitempty"`
}

// Stable returns the name to configure: by-id when the device has a serial number, else by-path, else the node. Adapters
// without a serial number share one by-id name when two are plugged in, and the last one wins.
func (f Found) Stable() string {
	switch {
	case len(f.ByID) > 0 && (f.USB == nil || f.USB.Serial != ""):
		return f.ByID[0]
	case len(f.ByPath) > 0:
		return f.ByPath[0]
	case len(f.ByID) > 0:
		return f.ByID[0]
	}
	return f.Node
}

// List returns the serial ports of this machine, by node. It opens none of them.
func List() ([]Found, error) { return list("/dev", "/sys") }

func list(dev, sys string) ([]Found, error) {
	entries, err := os.ReadDir(filepath.Join(sys, "class/tty"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("list serial ports: %w", err)
	}
	byID, byPath := links(filepath.Join(dev, "serial/by-id")), links(filepath.Join(dev, "serial/by-path"))
	var all []Found
	for _, e := range entries {
		class := filepath.Join(sys, "class/tty", e.Name())
		device, err := filepath.EvalSymlinks(filepath.Join(class, "device"))
		if err != nil || attribute(class, "type") == "0" {
			continue // a console, a pty; or a serial port that the board does not have
		}
		f := Found{Node: filepath.Join(dev, e.Name()), USB: usb(device)}
		if driver, err := filepath.EvalSymlinks(filepath.Join(device, "driver")); err == nil {
			f.Driver = filepath.Base(driver)
		}
		f.ByID, f.ByPath = byID[f.Node], byPath[f.Node]
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b Found) int { return cmp.Compare(a.Node, b.Node) })
	return all, nil
}

// links returns the names in a folder by the node they lead to.
func links(folder string) map[string][]string {
	names := map[string][]string{}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return names // no such folder: no device has a stable name
	}
	for _, e := range entries {
		name := filepath.Join(folder, e.Name())
		if node, err := filepath.EvalSymlinks(name); err == nil {
			names[node] = append(names[node], name)
		}
	}
	return names
}

// usb walks from a port's device up to the USB device it belongs to.
func usb(device string) *USB {
	u := &USB{}
	for dir := device; len(dir) > len("/sys"); dir = filepath.Dir(dir) {
		if u.Interface == "" {
			u.Interface = attribute(dir, "bInterfaceNumber")
		}
		if u.Vendor = attribute(dir, "idVendor"); u.Vendor == "" {
			continue
		}
		u.Product, u.Serial = attribute(dir, "idProduct"), attribute(dir, "serial")
		u.Manufacturer, u.Name = attribute(dir, "manufacturer"), attribute(dir, "product")
		return u
	}
	return nil
}

func attribute(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
