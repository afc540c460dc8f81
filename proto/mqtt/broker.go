package mqtt

import (
	"errors"
	"fmt"
	"net/url"
)

// ParseBroker reads the address of a broker: tcp://host:port or tls://host:port.
func ParseBroker(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("broker %q: %w", s, err)
	}
	if (u.Scheme != "tcp" && u.Scheme != "tls") || u.Hostname() == "" || u.Port() == "" || u.Path != "" {
		return nil, fmt.Errorf("broker %q: write it as tcp://host:port or tls://host:port", s)
	}
	return u, nil
}

// CheckBrokers tells what is wrong with a list of brokers. It may not be empty.
func CheckBrokers(brokers []string) error {
	if len(brokers) == 0 {
		return errors.New("no broker: name at least one, such as tcp://hub.example.com:1883")
	}
	for _, b := range brokers {
		if _, err := ParseBroker(b); err != nil {
			return err
		}
	}
	return nil
}
