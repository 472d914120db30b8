// Verify checks a log's checkpoint, tiles and entries with golang.org/x/mod/sumdb's note and tlog packages, which are
// what the formats come from and of which nobody here wrote a line. See docs/audit-log-format.md.
//
//	verify -vkey KEY [-old FILE] [-entries] PREFIX
//
// PREFIX is a directory, or a URL such as https://keys.example.com/log; a token for entries is taken from TOKEN.
package main

import (
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(format string, arguments ...interface{}) {
	fmt.Printf(format+"\n", arguments...)
	os.Exit(1)
}

// read gets a file of the log.
func read(prefix, path string) ([]byte, error) {
	if !strings.HasPrefix(prefix, "http") {
		return os.ReadFile(filepath.Join(prefix, path))
	}
	request, err := http.NewRequest("GET", prefix+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	if token := os.Getenv("TOKEN"); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	return io.ReadAll(response.Body)
}

// tiles is where tlog reads tiles from; it checks them against the tree's root before it believes them.
type tiles struct{ prefix string }

func (tiles) Height() int                         { return 8 }
func (tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		// Go's own paths name the height of tiles, which C2SP fixes at 8.
		data, err := read(t.prefix, strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// open reads a checkpoint that the log signed.
func open(bytes []byte, verifier note.Verifier) (tree tlog.Tree) {
	opened, err := note.Open(bytes, note.VerifierList(verifier))
	if err != nil {
		fail("the checkpoint cannot be believed: %v", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		fail("the checkpoint is not of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		fail("the checkpoint has no size")
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		fail("the checkpoint has no root")
	}
	tree.N = size
	copy(tree.Hash[:], root)
	return tree
}

func main() {
	vkey := flag.String("vkey", "", "the log's verifier key")
	old := flag.String("old", "", "a file with an older checkpoint, which the log must extend")
	entries := flag.Bool("entries", false, "check every entry's leaf as well")
	flag.Parse()
	prefix := flag.Arg(0)

	verifier, err := note.NewVerifier(*vkey)
	if err != nil {
		fail("the verifier key is none: %v", err)
	}
	bytes, err := read(prefix, "checkpoint")
	if err != nil {
		fail("%v", err)
	}
	tree := open(bytes, verifier)
	var earlier tlog.Tree
	if *old != "" {
		bytes, err := os.ReadFile(*old)
		if err != nil {
			fail("%v", err)
		}
		earlier = open(bytes, verifier)
		if earlier.N > tree.N {
			fail("the log was rolled back: it had %d entries and has %d", earlier.N, tree.N)
		}
	}
	reader := tlog.TileHashReader(tree, tiles{prefix})

	// Every leaf's hash; the reader refuses tiles that do not lead to the root.
	var indexes []int64
	for n := int64(0); n < tree.N; n++ {
		indexes = append(indexes, tlog.StoredHashIndex(0, n))
	}
	leaves, err := reader.ReadHashes(indexes)
	if err != nil {
		fail("the tiles do not fit the checkpoint: %v", err)
	}
	// Tiles at the edge that share a hash with another are not all looked at by the reader, so the root is computed anew.
	var stored []tlog.Hash
	known := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for n, leaf := range leaves {
		hashes, err := tlog.StoredHashesForRecordHash(int64(n), leaf, known)
		if err != nil {
			fail("the tree cannot be computed: %v", err)
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(tree.N, known)
	if err != nil || root != tree.Hash {
		fail("the tiles do not fit the checkpoint: they lead to another root")
	}
	for _, n := range []int64{0, tree.N / 3, tree.N - 1} {
		if n < 0 || n >= tree.N {
			continue
		}
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		if err != nil {
			fail("no proof can be made of entry %d: %v", n, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, leaves[n]); err != nil {
			fail("entry %d is not in the log: %v", n, err)
		}
	}
	if *old != "" {
		proof, err := tlog.ProveTree(tree.N, earlier.N, reader)
		if err != nil {
			fail("no proof can be made that the log extends the older one: %v", err)
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, earlier.N, earlier.Hash); err != nil {
			fail("the log does not extend the older one: %v", err)
		}
	}
	if *entries {
		check(prefix, tree, leaves)
	}
	fmt.Printf("intact: %d entries\n", tree.N)
}

// check compares every entry's leaf with its hash.
func check(prefix string, tree tlog.Tree, leaves []tlog.Hash) {
	for first := int64(0); first < tree.N; first += 256 {
		width := int64(256)
		if tree.N-first < width {
			width = tree.N - first
		}
		tile := tlog.Tile{H: 8, L: 0, N: first / 256, W: int(width)}
		path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
		bundle, err := read(prefix, path)
		if err != nil {
			fail("%v", err)
		}
		for n := first; n < first+width; n++ {
			if len(bundle) < 2 || len(bundle)-2 < int(bundle[0])<<8|int(bundle[1]) {
				fail("the bundle of entries from %d on is cut short", first)
			}
			length := int(bundle[0])<<8 | int(bundle[1])
			if tlog.RecordHash(bundle[2:2+length]) != leaves[n] {
				fail("entry %d does not match its hash", n)
			}
			bundle = bundle[2+length:]
		}
		if len(bundle) > 0 {
			fail("the bundle of entries from %d on has more than its entries", first)
		}
	}
}
