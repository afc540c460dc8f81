package port

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree writes files, and links for contents that begin with "->".
func tree(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if len(content) > 2 && content[:2] == "->" {
			err = os.Symlink(filepath.Join(root, content[2:]), path)
		} else {
			err = os.WriteFile(path, []byte(content+"\n"), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestList_NamesPortsAsUdevDoes(t *testing.T) {
	root := t.TempDir()
	tree(t, root, map[string]string{
		// An FTDI adapter with a serial number: its tty hangs below a port below the interface.
		"sys/devices/usb1/1-1/idVendor":                           "0403",
		"sys/devices/usb1/1-1/idProduct":                          "6001",
		"sys/devices/usb1/1-1/serial":                             "A50285BI",
		"sys/devices/usb1/1-1/manufacturer":                       "FTDI",
		"sys/devices/usb1/1-1/product":                            "FT232R",
		"sys/devices/usb1/1-1/1-1:1.0/bInterfaceNumber":           "00",
		"sys/devices/usb1/1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0/dev":    "188:0",
		"sys/devices/usb1/1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0/device": "->sys/devices/usb1/1-1/1-1:1.0/ttyUSB0",
		"sys/devices/usb1/1-1/1-1:1.0/ttyUSB0/driver":             "->sys/drivers/ftdi_sio",
		"sys/drivers/ftdi_sio/module":                             "x",
		"sys/class/tty/ttyUSB0":                                   "->sys/devices/usb1/1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0",
		"dev/ttyUSB0":                                             "",
		"dev/serial/by-id/usb-FTDI_FT232R_A50285BI-if00-port0":    "->dev/ttyUSB0",
		"dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0":   "->dev/ttyUSB0",
		"sys/devices/usb1/1-2/idVendor":                           "1a86",
		"sys/devices/usb1/1-2/idProduct":                          "7523",
		"sys/devices/usb1/1-2/serial":                             "",
		"sys/devices/usb1/1-2/1-2:1.0/ttyUSB1/tty/ttyUSB1/device": "->sys/devices/usb1/1-2/1-2:1.0/ttyUSB1",
		"sys/class/tty/ttyUSB1":                                   "->sys/devices/usb1/1-2/1-2:1.0/ttyUSB1/tty/ttyUSB1",
		"dev/ttyUSB1":                                             "",
		"dev/serial/by-id/usb-1a86_USB_Serial-if00-port0":         "->dev/ttyUSB1",
		"dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0":   "->dev/ttyUSB1",
		"sys/devices/platform/serial8250/tty/ttyS0/type":          "4",
		"sys/devices/platform/serial8250/tty/ttyS0/device":        "->sys/devices/platform/serial8250",
		"sys/class/tty/ttyS0":                                     "->sys/devices/platform/serial8250/tty/ttyS0",
		"sys/devices/platform/serial8250/tty/ttyS1/type":          "0",
		"sys/devices/platform/serial8250/tty/ttyS1/device":        "->sys/devices/platform/serial8250",
		"sys/class/tty/ttyS1":                                     "->sys/devices/platform/serial8250/tty/ttyS1",
		"sys/class/tty/tty0/dev":                                  "4:0",
		"dev/serial/by-id/dangling":                               "->dev/gone",
	})
	dev := filepath.Join(root, "dev")
	got, err := list(dev, filepath.Join(root, "sys"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Found{
		{Node: dev + "/ttyS0"},
		{
			Node: dev + "/ttyUSB0", Driver: "ftdi_sio",
			ByID:   []string{dev + "/serial/by-id/usb-FTDI_FT232R_A50285BI-if00-port0"},
			ByPath: []string{dev + "/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0"},
			USB:    &USB{Vendor: "0403", Product: "6001", Serial: "A50285BI", Manufacturer: "FTDI", Name: "FT232R", Interface: "00"},
		},
		{
			Node:   dev + "/ttyUSB1",
			ByID:   []string{dev + "/serial/by-id/usb-1a86_USB_Serial-if00-port0"},
			ByPath: []string{dev + "/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0"},
			USB:    &USB{Vendor: "1a86", Product: "7523"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	stable := []string{dev + "/ttyS0", want[1].ByID[0], want[2].ByPath[0]}
	for i, f := range got {
		if f.Stable() != stable[i] {
			t.Errorf("stable name of %s is %s, want %s", f.Node, f.Stable(), stable[i])
		}
	}
	if none, err := list(dev, filepath.Join(root, "nowhere")); err != nil || none != nil {
		t.Errorf("a system without ttys: %v, %v", none, err)
	}
}
