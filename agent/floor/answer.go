package floor

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

// Answer is what became of an input.
type Answer struct {
	Sound   Sound    `json:"sound"`
	Saved   *Saved   `json:"saved,omitempty"` // what the ledger booked
	Problem *Problem `json:"error,omitempty"` // why nothing was done
	View    View     `json:"view"`
}

// Saved is where the ledger booked a command.
type Saved struct {
	From     stock.Seq `json:"from"`
	To       stock.Seq `json:"to"`
	Replayed bool      `json:"replayed"` // it had been booked before, and counts once
}

// Problem is a refusal for programs. The texts have both languages.
type Problem struct {
	Reason  Reason `json:"reason"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

func answerOf(e Effect, r *stock.Receipt) Answer {
	a := Answer{Sound: e.Sound, View: e.View}
	if r != nil {
		a.Saved = &Saved{r.From, r.To, r.Replayed}
	}
	if e.Sound == SoundRefuse && e.View.Alert != nil {
		alert := e.View.Alert
		a.Problem = &Problem{alert.Reason, both(alert.Message), both(alert.Hint)}
	}
	return a
}

func both(t Text) string {
	if t.Zh == t.En {
		return t.Zh
	}
	return t.Zh + " / " + t.En
}

// identifier is a symbology identifier before a code (ISO/IEC 15424).
var identifier = regexp.MustCompile(`^\][A-Za-z][0-9A-Za-z]`)

// Web is a desk for callers that know none of this package's types, such as an
// HTTP server.
type Web struct{ *Desk }

// Scan takes a code that a person typed or a page read, with or without its
// symbology identifier, and gives an Answer as JSON, with the reason if it was
// refused.
func (w Web) Scan(ctx context.Context, id, code string) (answer []byte, refused string, err error) {
	aim := identifier.FindString(code)
	in := w.Code("web", barcode.Symbol{AIM: aim, Data: code[len(aim):], At: time.Now()}, []byte(code))
	in.ID = id
	return w.ask(ctx, in)
}

// Press takes a button, and gives an Answer as JSON, with the reason if it was
// refused.
func (w Web) Press(ctx context.Context, id, button string) (answer []byte, refused string, err error) {
	return w.ask(ctx, Press{ID: id, Button: Button(button)})
}

func (w Web) ask(ctx context.Context, in Input) ([]byte, string, error) {
	a, err := w.Ask(ctx, in)
	if err != nil {
		return nil, "", err
	}
	body, err := json.Marshal(a)
	if err != nil {
		return nil, "", fmt.Errorf("write answer: %w", err)
	}
	if a.Problem != nil {
		return body, string(a.Problem.Reason), nil
	}
	return body, "", nil
}
