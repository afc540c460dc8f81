package ingest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// stater is an agent as far as statements go. It books while it is asked, and
// keeps the parts of one moment until it forgets them.
type stater struct {
	sheet  stock.Sheet
	seq    stock.Seq
	pinned []*wire.Statement
	stated map[stock.Seq]uint64 // the digest of every moment that was ever pinned
}

func newStater(skus int) *stater {
	s := &stater{stated: make(map[stock.Seq]uint64)}
	for i := range skus {
		s.sheet.Apply(&stock.Movement{Kind: stock.Receive, SKU: stock.SKU(fmt.Sprintf("sku-%05d", i)), Lot: "a long name of a lot, to fill the parts", Delta: 1})
	}
	s.seq = stock.Seq(skus)
	return s
}

// book changes one level.
func (s *stater) book() {
	s.seq++
	s.sheet.Apply(&stock.Movement{Kind: stock.Pick, SKU: stock.SKU(fmt.Sprintf("sku-%05d", s.seq%100)), Lot: "a long name of a lot, to fill the parts", Delta: -1})
}

// answer gives the part that is asked for, of a fresh moment where the one that
// is asked for is not kept.
func (s *stater) answer(w *wire.StatementWanted) *wire.Statement {
	if s.pinned == nil || w.Seq == 0 || w.Seq != s.pinned[0].Seq || w.Part >= len(s.pinned) {
		levels, digest := s.sheet.State()
		s.pinned = wire.Parts(w.Of, &stock.Statement{Seq: s.seq, Levels: levels, Digest: digest})
		s.stated[s.seq] = digest
		return s.pinned[0]
	}
	return s.pinned[w.Part]
}

// gather pulls a statement over a line that loses, repeats and reorders, from
// an agent that books meanwhile and now and then forgets what it stated. It
// gives the statement and how many questions it took.
func gather(p *pull, s *stater, r *rand.Rand, patience int) (st stock.Statement, asked int, done bool) {
	var line []*wire.Statement
	now := time.Now()
	ask := func(wanted []*wire.StatementWanted) {
		for _, w := range wanted {
			asked++
			for range r.IntN(3) { // lost, once, twice
				line = append(line, s.answer(w))
			}
		}
	}
	for turn := 0; !p.done() && turn < patience; turn++ {
		if len(line) == 0 {
			now = now.Add(time.Second)
			ask(p.due(now))
			continue
		}
		if r.IntN(4) == 0 {
			s.book()
		}
		if r.IntN(60) == 0 {
			s.pinned = nil
		}
		i := r.IntN(len(line))
		part := line[i]
		if r.IntN(8) > 0 { // otherwise it comes once more
			line = append(line[:i:i], line[i+1:]...)
		}
		ask(p.take(now, part))
	}
	return p.statement(), asked, p.done()
}

// Whatever the line and the agent do, what is gathered is whole and of one and
// the same moment.
func TestPull_GathersOneMomentWhateverHappens(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := newStater(1 + r.IntN(9000))
		st, asked, done := gather(newPull(forReport, stock.Epoch{1}, 7), s, r, 200_000)
		if !done {
			t.Fatalf("seed %d: not done after %d questions", seed, asked)
		}
		if _, err := st.Sheet(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if st.Digest != s.stated[st.Seq] || st.Epoch != (stock.Epoch{1}) {
			t.Fatalf("seed %d: what was gathered was never stated as of entry %d", seed, st.Seq)
		}
	}
}

// The control: without looking at the moment that a part is of, moments mix.
func TestPull_ControlThatTakesAnyPartMixesMoments(t *testing.T) {
	mixed := 0
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := newStater(1 + r.IntN(9000))
		p := newPull(forReport, stock.Epoch{1}, 7)
		first := s.answer(&wire.StatementWanted{Of: p.of})
		p.take(time.Now(), first)
		for part := 1; part < len(p.parts); part++ {
			s.book()
			s.pinned = nil
			s.answer(&wire.StatementWanted{Of: p.of})
			forged := *s.pinned[part]
			forged.Seq, forged.Head, forged.Digest = p.seq, p.head, p.digest
			p.take(time.Now(), &forged)
		}
		if st := p.statement(); len(p.parts) > 1 {
			if _, err := st.Sheet(); err != nil {
				mixed++
			}
		}
	}
	if mixed == 0 {
		t.Error("nobody notices that moments are mixed")
	}
}

func TestPull_AsksForAFewPartsAtATimeAndWaitsLonger(t *testing.T) {
	s := newStater(9000)
	p, now := newPull(forBase, stock.Epoch{1}, 7), time.Now()
	if w := p.due(now); len(w) != 1 || *w[0] != (wire.StatementWanted{Of: wire.StatementBase}) {
		t.Fatalf("first question %v", w)
	}
	waits := []time.Duration{}
	for range 7 {
		if got := p.due(p.again.Add(-1)); got != nil {
			t.Errorf("asked too early: %v", got)
		}
		before := p.again
		p.due(before)
		waits = append(waits, p.again.Sub(before)/time.Second)
	}
	if got := fmt.Sprint(waits); got != "[2ns 4ns 8ns 16ns 30ns 30ns 30ns]" {
		t.Errorf("waits in seconds %s", got)
	}
	next := p.take(now, s.answer(&wire.StatementWanted{Of: p.of}))
	if len(p.parts) < 6 || len(next) != pullWindow || next[0].Part != 1 || next[0].Seq != s.seq {
		t.Fatalf("after the first of %d parts: %v", len(p.parts), next)
	}
	if again := p.take(now, s.answer(&wire.StatementWanted{Of: p.of, Seq: s.seq})); again != nil {
		t.Errorf("a part that came twice: %v", again)
	}
	if one := p.take(now, s.answer(next[2])); len(one) != 1 || one[0].Part != 5 {
		t.Errorf("after one more: %v", one)
	}
	if missing := p.due(p.again); len(missing) != pullWindow || missing[0].Part != 1 || missing[2].Part != 4 {
		t.Errorf("asked again for %v", missing)
	}
}
