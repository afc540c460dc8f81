package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

var errPrivate = errors.New("the address is on this machine or in a private network: set webhooks.allow_private where that is meant")

// inner are networks that netip knows no word for, and that nobody on the
// internet has: RFC 6598, 6890, 2544, 1112, and those that carry IPv4 addresses
// within (6052, 3056, 4380).
var inner = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
}

// mayDial says why an address must not be connected to. Cloud machines keep
// their keys at link-local addresses, which nobody may allow.
func (c *Config) mayDial(ip netip.Addr) error {
	ip = ip.Unmap()
	if ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() {
		return fmt.Errorf("%s is not an address to post to", ip)
	}
	private := ip.IsPrivate() || ip.IsLoopback()
	for _, n := range inner {
		private = private || n.Contains(ip)
	}
	if private && !c.AllowPrivate {
		return fmt.Errorf("%s: %w", ip, errPrivate)
	}
	return nil
}

// control is asked before every connection, with the address that the name was
// resolved to: a name cannot be public when it is checked and private when it
// is dialled.
func (c *Config) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %s: %w", address, err)
	}
	return c.mayDial(at.Addr())
}
