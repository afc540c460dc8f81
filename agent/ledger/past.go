package ledger

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/stock"
)

// past is what a ledger knows of what was before it: which levels it took over,
// whose place it took, and how it was restored. It stands in a bucket of its own,
// because it hardly ever changes and the root page has no room for it; files
// that have no past, and files of earlier programs, lack the bucket.
type past struct {
	took         taken
	predecessors []PredecessorInfo // newest last
	restored     *Restored
}

// taken is a takeover with the first entry that it wrote.
type taken struct {
	stock.Takeover
	First stock.Seq
}

// PredecessorInfo says which file a ledger was made in place of.
type PredecessorInfo struct {
	Path     string         // where it was set aside
	Position stock.Position // as far as it could be read; a zero Epoch when it could not
	Stored   stock.Seq      // the hub's cursor as it knew it
	Lost     uint64         // entries after that cursor that are damaged: they are gone unless the hub has them
	Took     stock.Takeover // which levels it had taken over itself
	TookFrom stock.Seq      // the first entry that it took over with; 0 for none
	Orders   bool           // its orders came along, with what was done of them
	SetAside time.Time
	Why      string
}

// Restored says how a damaged ledger was made whole again.
type Restored struct {
	Time     time.Time
	Why      string    // what was damaged
	SetAside string    // the damaged file
	Snapshot string    // the copy that it was begun with; empty when the damaged file gave all
	Reborn   bool      // nothing could be begun with: the ledger has a new epoch, and the damaged file is its predecessor
	Last     stock.Seq // the newest entry that was restored; 0 for a rebirth
	Salvaged uint64    // entries of the damaged file that followed the snapshot
	Missing  stock.Seq // the newest entry that the damaged file has traces of and the ledger lacks; 0 for none
	Doubt    bool      // pages of the damaged file are lost: entries after Last may be, without a trace
}

var bucketPast = []byte("past")

// The keys of the past bucket. The values are JSON with a checksum.
const (
	pastTook         = "took"
	pastPredecessors = "predecessors"
	pastRestored     = "restored"
)

// putPast stores one value.
func putPast(tx *bbolt.Tx, key string, v any) error {
	b, err := tx.Bucket(bucketState).CreateBucketIfNotExists(bucketPast)
	if err != nil {
		return err
	}
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return b.Put([]byte(key), sealed(key, body))
}

// load reads the past of the file in a folder.
func (p *past) load(tx *bbolt.Tx, folder string) error {
	*p = past{}
	b := tx.Bucket(bucketState).Bucket(bucketPast)
	if b == nil {
		return nil
	}
	return b.ForEach(func(k, v []byte) error {
		body, ok := unsealed(string(k), v)
		if !ok {
			return fmt.Errorf("past value %q: checksum does not fit", k)
		}
		return p.read(string(k), body, folder)
	})
}

func (p *past) read(key string, body []byte, folder string) error {
	switch key {
	case pastTook:
		return json.Unmarshal(body, &p.took)
	case pastRestored:
		return json.Unmarshal(body, &p.restored)
	case pastPredecessors:
		if err := json.Unmarshal(body, &p.predecessors); err != nil {
			return err
		}
		for i := range p.predecessors { // the folder may have moved with its ledger
			q := &p.predecessors[i]
			q.Path = filepath.Join(folder, setAsideFolder, filepath.Base(q.Path))
		}
		return nil
	}
	return fmt.Errorf("past value %q: unknown", key)
}
