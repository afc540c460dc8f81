package scale

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// table top: a dialogue, its clock, and what it said.
type talk struct {
	t   *testing.T
	d   *Dialogue
	now time.Time
	got []string
}

func talkTo(t *testing.T, p Protocol, o Options) *talk {
	t.Helper()
	d, err := NewDialogue(p, Profile{Unit: Kilogram}, o)
	if err != nil {
		t.Fatal(err)
	}
	return &talk{t: t, d: d, now: epoch}
}

func (k *talk) note(events []Event) {
	for _, e := range events {
		switch e := e.(type) {
		case Health:
			k.got = append(k.got, "is "+string(e.Condition))
		case Done:
			word := "done " + string(e.Command)
			if e.Err != nil {
				word += ": " + e.Err.Error()
			}
			k.got = append(k.got, word)
		default:
			k.got = append(k.got, describeOne(e))
		}
	}
	for {
		r, ok := k.d.Next()
		if !ok {
			return
		}
		word := "send "
		if r.Flush {
			word = "flush, send "
		}
		k.got = append(k.got, word+strings.TrimSpace(strings.Map(printable, string(r.Bytes))))
	}
}

func printable(r rune) rune {
	if r < ' ' {
		return r + 0x2400 // control pictures
	}
	return r
}

func (k *talk) opened()       { k.note(k.d.Opened(k.now)) }
func (k *talk) closed()       { k.note(k.d.Closed(k.now)) }
func (k *talk) hear(s string) { k.note(k.d.Feed([]byte(s), k.now)) }

// wait lets time pass, ticking whenever the dialogue asks for it.
func (k *talk) wait(long time.Duration) {
	k.t.Helper()
	end := k.now.Add(long)
	for range 1000 {
		wake := k.d.Wake()
		if wake.IsZero() || wake.After(end) {
			k.now = end
			return
		}
		if wake.After(k.now) {
			k.now = wake
		}
		k.note(k.d.Tick(k.now))
	}
	k.t.Fatal("the dialogue wants to be woken for ever at one moment")
}

func (k *talk) want(want ...string) {
	k.t.Helper()
	if got := strings.Join(k.got, "\n"); got != strings.Join(want, "\n") {
		k.t.Fatalf("got\n\t%s\nwant\n\t%s", strings.Join(k.got, "\n\t"), strings.Join(want, "\n\t"))
	}
	k.got = nil
}

const frame488 = "\x01\x02S 00.488kge\x03\x04"

func TestDialogue_AsksAndGetsAWeight(t *testing.T) {
	k := talkTo(t, enqDC1, Options{})
	k.opened()
	k.want("is waiting", "flush, send ␅")
	k.hear("\x06")
	k.want("is ready", "ack", "send ␑")
	k.hear(frame488)
	k.want("0.488 kg stable")
	if r, ok := k.d.Latest(k.now); !ok || r.Value.String() != "0.488" {
		t.Errorf("Latest = %+v, %v", r, ok)
	}
	k.wait(200 * time.Millisecond)
	k.want("flush, send ␅")
}

func TestDialogue_TakesSilenceForSilenceAndNeverForZero(t *testing.T) {
	k := talkTo(t, enqDC1, Options{})
	k.opened()
	k.hear("\x06" + frame488)
	k.got = nil
	k.wait(3 * time.Second)
	if got := strings.Join(k.got, "\n"); strings.Count(got, "is silent") != 1 || strings.Contains(got, "kg") {
		t.Errorf("got %s", got)
	}
	if r, ok := k.d.Latest(k.now); ok {
		t.Errorf("the last weight is still valid: %+v", r)
	}
	k.hear("\x06")
	if k.d.Condition() != Answering {
		t.Errorf("condition %s after an answer", k.d.Condition())
	}
}

func TestDialogue_CallsWrongSettingsGarbledWithinASecond(t *testing.T) {
	k := talkTo(t, comma, Options{})
	k.opened()
	for range 11 {
		k.hear("\x8a\x9d\xfe\x0d")
		k.wait(100 * time.Millisecond)
	}
	if k.d.Condition() != Garbled {
		t.Fatalf("condition %s after a second of noise", k.d.Condition())
	}
	k.got = nil
	k.wait(2 * time.Second)
	k.want("is silent")
}

func TestDialogue_VoidsEverythingWhenTheScaleGoes(t *testing.T) {
	p := enqDC1
	p.command = simple(Nothing, 0, map[Command]string{Zero: "Z"})
	k := talkTo(t, p, Options{})
	k.opened()
	k.hear("\x06" + frame488[:8])
	k.got = nil
	if err := k.d.Do(Zero, k.now); err != nil {
		t.Fatal(err)
	}
	k.closed()
	k.want("done zero: the scale is not connected", "is absent")
	if _, ok := k.d.Latest(k.now); ok {
		t.Error("a weight outlived its scale")
	}
	if err := k.d.Do(Zero, k.now); !errors.Is(err, ErrDisconnected) {
		t.Errorf("Do without a scale: %v", err)
	}
	k.opened()
	k.hear(frame488[8:])
	k.want("is waiting", "flush, send ␅")
}

func TestDialogue_CarriesOutCommandsBetweenPolls(t *testing.T) {
	aclas, err := Find("aclas-os2")
	if err != nil {
		t.Fatal(err)
	}
	k := talkTo(t, aclas, Options{})
	k.opened()
	k.got = nil
	if err := k.d.Do(TakeTare, k.now); err != nil {
		t.Fatal(err)
	}
	k.want()
	k.hear("\x06")
	k.hear(frame488)
	k.want("is ready", "ack", "send ␑", "0.488 kg stable", "done tare", "send <TK>␉")
	if err := k.d.Do(ClearTare, k.now); !errors.Is(err, ErrUnsupported) {
		t.Errorf("clear tare: %v, want ErrUnsupported", err)
	}
	for range maxWaiting + 2 {
		k.d.Do(Zero, k.now)
	}
}

// A protocol that acknowledges: tried twice, then given up; or refused.
func TestDialogue_TellsHowACommandFailed(t *testing.T) {
	p := enqDC1
	p.command = func(Command, Profile) []Step {
		return []Step{{Send: []byte("Z"), Until: AnAck, Wait: 100 * time.Millisecond}}
	}
	k := talkTo(t, p, Options{Listen: true})
	k.opened()
	k.got = nil
	k.d.Do(Zero, k.now)
	k.note(nil)
	k.want("send Z")
	k.wait(100 * time.Millisecond)
	k.want("send Z")
	k.wait(100 * time.Millisecond)
	k.want("done zero: the scale did not answer")
	k.d.Do(Zero, k.now)
	k.hear("\x15")
	k.hear("\x15")
	k.want("is ready", "not_ready", "send Z", "send Z", "not_ready", "done zero: the scale refused: not_ready")
}

func TestDialogue_WaitsForAScaleThatWaitsForThePan(t *testing.T) {
	k := talkTo(t, sics, Options{})
	k.opened()
	k.hear("S S 1.0 kg\r\n")
	k.got = nil
	k.d.Do(TakeTare, k.now)
	k.note(nil)
	k.want("send T␍␊")
	k.wait(3 * time.Second)
	k.want()
	if _, ok := k.d.Latest(k.now); ok {
		t.Error("a weight of three seconds ago is still valid")
	}
	k.hear("T S 1.0 kg\r\n")
	k.want("ack tare tare=1.0 unit=kg", "done tare")
	k.wait(100 * time.Second)
	if k.d.Condition() != Silent {
		t.Errorf("condition %s", k.d.Condition())
	}
}

func TestDialogue_AsksWhyThereIsNoWeight(t *testing.T) {
	k := talkTo(t, dialog06, Options{})
	k.opened()
	k.hear("\x06")
	k.got = nil
	k.hear("\x15")
	k.want("not_ready", "send ␄␂08␃")
	k.hear("\x0209\x1b32\x03")
	k.want("fault overload")
	k.wait(200 * time.Millisecond)
	k.want("flush, send ␄␂01␛000100␛␃")
	k.hear("\x15")
	k.hear("\x15")
	k.want("not_ready", "send ␄␂08␃", "not_ready")
	k.hear("\x0211\x1b247\x03")
	k.want("rejected checksum_challenge record=11 checksum_request=true random=47")
}

func TestDialogue_InfersStabilityWhereTheWireDoesNotSayIt(t *testing.T) {
	s := settling{rule: DefaultSettle()}
	at := epoch
	say := func(digits int64) Stability {
		at = at.Add(200 * time.Millisecond)
		r := s.infer(Reading{Kind: Weight, Value: Decimal{digits, 3}, Unit: Kilogram, Stability: Unknown, At: at})
		if !r.Inferred {
			t.Error("an inferred reading does not say so")
		}
		return r.Stability
	}
	steps := []struct {
		digits int64
		want   Stability
	}{
		{100, Unstable},
		{480, Unstable},
		{488, Unstable},
		{488, Unstable},
		{489, Unstable},
		{488, Stable},
		{488, Stable},
		{490, Unstable},
		{490, Unstable},
		{490, Unstable},
		{490, Stable},
	}
	for i, st := range steps {
		if got := say(st.digits); got != st.want {
			t.Errorf("reading %d (%d): %s, want %s", i, st.digits, got, st.want)
		}
	}
	s.infer(Reading{Fault: Overload})
	if got := say(490); got != Unstable {
		t.Errorf("after an overload: %s", got)
	}
}

func TestNewDialogue_NeedsAUnitWhereTheWireHasNone(t *testing.T) {
	p := comma
	p.SaysUnit = false
	if _, err := NewDialogue(p, Profile{}, Options{}); err == nil {
		t.Error("a dialogue without any unit")
	}
	if _, err := NewDialogue(comma, Profile{Unit: "stone"}, Options{}); err == nil {
		t.Error("a dialogue with an unknown unit")
	}
}
