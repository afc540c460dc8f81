package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// errGone says that the endpoint wants nothing any more (410).
var errGone = errors.New("the endpoint answered 410 Gone")

// busyError says when an endpoint wants to be asked again.
type busyError struct {
	status string
	after  time.Duration
}

func (b *busyError) Error() string { return "the endpoint answered " + b.status }

// sender posts events.
type sender struct {
	client *http.Client
}

func newSender(c *Config) *sender {
	dialer := &net.Dialer{Timeout: c.Timeout, Control: c.control}
	return &sender{&http.Client{
		Timeout: c.Timeout,
		// No proxy: it would look names up where the guard does not see it.
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2: true, MaxIdleConnsPerHost: c.Workers, MaxConnsPerHost: 4 * c.Workers,
			IdleConnTimeout: 90 * time.Second, MaxResponseHeaderBytes: 64 << 10,
		},
		// What is meant for this address must not be sent on to another one.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// post makes one attempt. It returns nil once the endpoint has taken the event.
func (s *sender) post(ctx context.Context, url string, k keys, id string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	at := time.Now()
	// CloudEvents HTTP binding 3.2: structured content mode.
	req.Header.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
	req.Header.Set("User-Agent", "forestock-hub")
	req.Header.Set(headerID, id)
	req.Header.Set(headerTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(headerSignature, k.sign(id, at, body))
	resp, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("no answer: %w", errors.Unwrap(err))
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	switch {
	case resp.StatusCode/100 == 2:
		return nil
	case resp.StatusCode == http.StatusGone:
		return errGone
	}
	return &busyError{status: resp.Status, after: retryAfter(resp)}
}

// retryAfter reads how long the endpoint wants to be left alone, at most an hour.
func retryAfter(resp *http.Response) time.Duration {
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return min(max(0, time.Duration(seconds)*time.Second), time.Hour)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(0, time.Until(at)), time.Hour)
	}
	return 0
}
