package webhook

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// The reasons that programs can go by.
const (
	unknownWebhook = "UNKNOWN_WEBHOOK"
	invalidWebhook = "INVALID_WEBHOOK"
	unknownLetter  = "UNKNOWN_DEAD_LETTER"
	eventTooOld    = "EVENT_TOO_OLD"
	invalidPage    = "INVALID_PAGE_TOKEN"
)

// refuse gives an error of the API.
func refuse(code codes.Code, reason, format string, args ...any) error {
	st := status.Newf(code, format, args...)
	if full, err := st.WithDetails(&errdetails.ErrorInfo{Reason: reason, Domain: "forestock"}); err == nil {
		st = full
	}
	return st.Err()
}

// answered turns what the office says of a name into an error of the API.
func answered(err error, name string) error {
	if errors.Is(err, errUnknown) {
		return refuse(codes.NotFound, unknownWebhook, "there is no webhook %.80q; GET /v1/webhooks lists them", name)
	}
	return err
}

func idOf(name string) string { return strings.TrimPrefix(name, "webhooks/") }

// CreateWebhook adds an endpoint.
func (o *Office) CreateWebhook(ctx context.Context, req *forestockv1.CreateWebhookRequest) (*forestockv1.Webhook, error) {
	w := req.GetWebhook()
	by, err := somebody(req.GetBy())
	if err != nil {
		return nil, err
	}
	e := Endpoint{URL: w.GetUrl(), Types: w.GetTypes(), Secret: w.GetSecret(), By: by}
	if len(w.GetTypes()) > 32 || len(w.GetWarehouses()) > 1024 {
		return nil, refuse(codes.InvalidArgument, invalidWebhook, "at most 32 types and 1024 warehouses; leave them out for all")
	}
	for _, id := range w.GetWarehouses() {
		known, err := stock.ParseWarehouse(strings.TrimPrefix(id, "warehouses/"))
		if err != nil {
			return nil, refuse(codes.InvalidArgument, invalidWebhook, "warehouses: %v", err)
		}
		e.Warehouses = append(e.Warehouses, known)
	}
	checked, err := newEndpoint(&o.config, e)
	if err != nil {
		return nil, refuse(codes.InvalidArgument, invalidWebhook, "%v", err)
	}
	if err := o.add(ctx, checked); err != nil {
		if errors.Is(err, errTooMany) {
			return nil, refuse(codes.ResourceExhausted, invalidWebhook, "%v", err)
		}
		return nil, err
	}
	m := message(&entry{Endpoint: checked})
	m.Secret = checked.Secret
	return m, nil
}

// somebody reads who does it.
func somebody(by string) (string, error) {
	if by = strings.TrimSpace(by); by == "" || len(by) > 128 {
		return "", refuse(codes.InvalidArgument, invalidWebhook, "by: say in up to 128 bytes who does it")
	}
	return by, nil
}

// usualOverlap is how long the former secret signs too, unless told otherwise.
const usualOverlap = 24 * time.Hour

// RotateWebhookSecret gives an endpoint another secret.
func (o *Office) RotateWebhookSecret(ctx context.Context, req *forestockv1.RotateWebhookSecretRequest) (*forestockv1.Webhook, error) {
	by, err := somebody(req.GetBy())
	if err != nil {
		return nil, err
	}
	overlap := usualOverlap
	if d := req.GetOverlap(); d != nil {
		overlap = d.AsDuration()
		if d.CheckValid() != nil || overlap < 0 || overlap > maxOverlap {
			return nil, refuse(codes.InvalidArgument, invalidWebhook, "overlap: both secrets sign for 0s to %ds", int(maxOverlap.Seconds()))
		}
	}
	id := idOf(req.GetName())
	var secret string
	err = o.change(ctx, id, func(e *entry, _ map[string][]byte) error {
		now := time.Now().UTC()
		if err := e.rotate(req.GetSecret(), by, now, now.Add(overlap)); err != nil {
			return refuse(codes.InvalidArgument, invalidWebhook, "secret: %v", err)
		}
		secret = e.Secret
		return nil
	})
	if err != nil {
		return nil, answered(err, req.GetName())
	}
	o.log.WarnContext(ctx, "webhook secret changed", "webhook", id, "by", by, "overlap", overlap)
	e, _ := o.find(id)
	m := message(&e)
	m.Secret = secret
	return m, nil
}

// ListWebhooks gives every endpoint, the oldest first.
func (o *Office) ListWebhooks(context.Context, *forestockv1.ListWebhooksRequest) (*forestockv1.ListWebhooksResponse, error) {
	out := &forestockv1.ListWebhooksResponse{}
	for _, e := range o.list() {
		out.Webhooks = append(out.Webhooks, message(&e))
	}
	return out, nil
}

// DeleteWebhook removes an endpoint.
func (o *Office) DeleteWebhook(ctx context.Context, req *forestockv1.DeleteWebhookRequest) (*forestockv1.DeleteWebhookResponse, error) {
	if err := o.remove(ctx, idOf(req.GetName())); err != nil {
		return nil, answered(err, req.GetName())
	}
	return &forestockv1.DeleteWebhookResponse{}, nil
}

// ReplayWebhook lets an endpoint begin again where the request says.
func (o *Office) ReplayWebhook(ctx context.Context, req *forestockv1.ReplayWebhookRequest) (*forestockv1.Webhook, error) {
	from := o.store.OldestEvents()
	if id := req.GetFromEvent(); id != "" {
		token, err := tokenOf(id)
		if err != nil {
			return nil, refuse(codes.InvalidArgument, invalidWebhook, "%v", err)
		}
		if _, err := o.store.Events(token); err != nil {
			return nil, refuse(codes.FailedPrecondition, eventTooOld, "the event is not kept any more; replay from a time, or all that is kept")
		}
		from = token
	}
	id := idOf(req.GetName())
	err := o.change(ctx, id, func(e *entry, rows map[string][]byte) error {
		saved, _, err := read[progress](o.store, progressRows+id)
		if err != nil {
			return err
		}
		e.Off, saved.Events, saved.Since, saved.From = "", from.String(), time.Now().UTC(), time.Time{}
		// Levels are states: what changed behind the event, or else all as they are.
		saved.Levels = ""
		if req.GetFromEvent() != "" {
			saved.Levels = from.String()
		}
		if req.GetFromTime() != nil {
			saved.From = req.GetFromTime().AsTime().Truncate(time.Millisecond) // as precise as events are
		}
		return put(rows, progressRows+id, saved)
	})
	if err != nil {
		return nil, answered(err, req.GetName())
	}
	e, _ := o.find(id)
	return message(&e), nil
}

// ListDeadLetters gives the events that were given up, the oldest first.
func (o *Office) ListDeadLetters(_ context.Context, req *forestockv1.ListDeadLettersRequest) (*forestockv1.ListDeadLettersResponse, error) {
	id := idOf(req.GetParent())
	if _, ok := o.find(id); !ok {
		return nil, answered(errUnknown, req.GetParent())
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = 100
	}
	if size < 0 || size > 1000 {
		return nil, refuse(codes.InvalidArgument, invalidPage, "page_size is 0 to 1000")
	}
	after := deadRows + id + "/" + req.GetPageToken()
	if strings.Contains(req.GetPageToken(), "/") {
		return nil, refuse(codes.InvalidArgument, invalidPage, "this page_token belongs to no listing like this one")
	}
	keys, letters, err := list[letter](o.store, deadRows+id+"/", after, size+1)
	if err != nil {
		return nil, err
	}
	out := &forestockv1.ListDeadLettersResponse{}
	if len(keys) > size {
		keys = keys[:size]
		out.NextPageToken = letterName(keys[size-1])
	}
	for i, key := range keys {
		e := &letters[i]
		out.Letters = append(out.Letters, &forestockv1.DeadLetter{
			Name: "webhooks/" + id + "/deadLetters/" + letterName(key), EventId: e.ID, Type: e.Type, Subject: e.Key,
			Time: timestamppb.New(e.Time), Attempts: int32(min(e.Attempts, 1<<30)), Error: e.Error, Event: string(e.Body),
		})
	}
	return out, nil
}

// RedeliverDeadLetters lets dead letters wait for delivery again.
func (o *Office) RedeliverDeadLetters(ctx context.Context, req *forestockv1.RedeliverDeadLettersRequest) (*forestockv1.RedeliverDeadLettersResponse, error) {
	const most = 1000
	id, moved := idOf(req.GetParent()), 0
	err := o.change(ctx, id, func(e *entry, rows map[string][]byte) error {
		letters, err := o.deadLetters(id, req.GetNames(), most)
		if err != nil {
			return err
		}
		waiting, err := count(o.store, parkedRows+id+"/")
		if err != nil {
			return err
		}
		if waiting+len(letters) > maxParked {
			return refuse(codes.ResourceExhausted, invalidWebhook, "%d events wait for this endpoint on disk already; repair it first", waiting)
		}
		for key, dead := range letters {
			dead.Since, dead.Attempts, dead.Error = time.Now().UTC(), 0, ""
			if err := put(rows, parkedRows+id+"/"+letterName(key), dead); err != nil {
				return err
			}
			rows[key] = nil
		}
		e.Off, moved = "", len(letters)
		return nil
	})
	if err != nil {
		return nil, answered(err, req.GetParent())
	}
	return &forestockv1.RedeliverDeadLettersResponse{Redelivered: int32(moved)}, nil
}

// deadLetters reads those that are named, or the oldest ones where none is.
func (o *Office) deadLetters(id string, names []string, most int) (map[string]*letter, error) {
	if len(names) > most {
		return nil, refuse(codes.InvalidArgument, invalidWebhook, "at most %d names", most)
	}
	out := make(map[string]*letter)
	if len(names) == 0 {
		keys, letters, err := list[letter](o.store, deadRows+id+"/", "", most)
		for i, key := range keys {
			out[key] = &letters[i]
		}
		return out, err
	}
	for _, name := range names {
		key := deadRows + id + "/" + letterName(name)
		e, ok, err := read[letter](o.store, key)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, refuse(codes.NotFound, unknownLetter, "there is no dead letter %.120q", name)
		}
		out[key] = &e
	}
	return out, nil
}

func message(e *entry) *forestockv1.Webhook {
	m := &forestockv1.Webhook{
		Name: "webhooks/" + e.ID, Url: e.URL, Types: e.Types, CreateTime: timestamppb.New(e.Created), Creator: e.By, Off: e.Off,
		Waiting: int32(e.status.Waiting), Parked: int32(e.status.Parked), Dead: int32(e.status.Dead), Error: e.status.Error,
		OldestTime: optional(e.status.Oldest), DeliveredTime: optional(e.status.Delivered),
		RotateTime: optional(e.Rotated), Rotator: e.RotatedBy, OldSecretExpireTime: optional(e.OldUntil),
	}
	for _, w := range e.Warehouses {
		m.Warehouses = append(m.Warehouses, string(w))
	}
	return m
}

func optional(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// now gives the token of what happens from now on. Events and levels count
// their revisions together.
func (o *Office) now(ctx context.Context) (string, error) {
	feed, err := o.store.Events(inventory.Token{})
	if err != nil {
		return "", fmt.Errorf("begin: %w", err)
	}
	u, err := feed(ctx)
	return u.Token.String(), err
}
