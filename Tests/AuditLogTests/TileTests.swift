import AuditLog
import Testing

@Suite("Tiles")
struct TileTests {
    @Test("The specification's example: a log of 70,000 entries has 273 + 1, 1 + 1 and 1 tiles of hashes")
    func example() {
        let tiles = TileCoordinate.hashTiles(from: 0, to: 70_000)
        func widths(_ level: Int) -> [Int] { tiles.filter { $0.content == .hashes(level: level) }.map(\.width) }
        #expect(widths(0) == Array(repeating: 256, count: 273) + [112])
        #expect(widths(1) == [256, 17])
        #expect(widths(2) == [1])
        #expect(tiles.count == 277)
        #expect(TileCoordinate.entryBundles(from: 0, to: 70_000).map(\.width).reduce(0, +) == 70_000)
        #expect(TileCoordinate.hashTiles(from: 0, to: 256).map(\.path) == ["tile/0/000", "tile/1/000.p/1"])
        #expect(TileCoordinate.hashTiles(from: 0, to: 0).isEmpty)
    }

    @Test("A log that grows needs only the tiles that are new or wider")
    func growth() {
        #expect(
            TileCoordinate.hashTiles(from: 255, to: 257).map(\.path) == [
                "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1",
            ]
        )
        #expect(TileCoordinate.hashTiles(from: 256, to: 300).map(\.path) == ["tile/0/001.p/44"])
        #expect(TileCoordinate.hashTiles(from: 300, to: 300).isEmpty)
        #expect(TileCoordinate.hashTiles(from: 301, to: 300).isEmpty)
        #expect(
            TileCoordinate.entryBundles(from: 250, to: 260).map(\.path) == ["tile/entries/000", "tile/entries/001.p/4"]
        )
    }

    @Test(
        "A tile has the path of the specification, and the path names the tile",
        arguments: [
            (.hashes(level: 0), 0, 256, "tile/0/000"),
            (.hashes(level: 0), 1_234_067, 256, "tile/0/x001/x234/067"),
            (.hashes(level: 1), 999, 1, "tile/1/999.p/1"),
            (.hashes(level: 7), 0, 255, "tile/7/000.p/255"),
            (.hashes(level: 0), 1_000, 17, "tile/0/x001/000.p/17"),
            (.entries, 273, 112, "tile/entries/273.p/112"),
            (.entries, 72_057_594_037_927_935, 256, "tile/entries/x072/x057/x594/x037/x927/935"),
        ] as [(TileCoordinate.Content, UInt64, Int, String)]
    )
    func path(content: TileCoordinate.Content, index: UInt64, width: Int, path: String) throws {
        let tile = try #require(TileCoordinate(content, index: index, width: width))
        #expect(tile.path == path)
        #expect(TileCoordinate(path: path) == tile)
    }

    @Test(
        "A path that is not exactly a tile's names none",
        arguments: [
            "", "tile", "tile/0", "tile/0/", "/tile/0/000", "tile/0/000/", "tile/0/00", "tile/0/0000", "tile/00/000",
            "tile/8/000", "tile/-1/000", "tile/+1/000", "tile/0/x000", "tile/0/001/000", "tile/0/x000/000",
            "tile/0/x001/x000",
            "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/-1",
            "tile/0/000.p/1/2", "tile/0/.p/1", "tile/data/000", "tile/0/xx01/000", "tile/0/x001/+01", "tile/0/..",
            "tile/entries",
            "tile/0/x072/x057/x594/x037/x927/936", "tile/0/x999/x999/x999/x999/x999/x999/x999/999", "checkpoint",
        ]
    )
    func noTile(path: String) {
        #expect(TileCoordinate(path: path) == nil)
    }

    @Test("Every node of a log is found in the tile that is named for it", arguments: [1, 2, 255, 256, 257, 700])
    func nodesInTiles(size: UInt64) throws {
        let tree = GrownTree(entries: (0..<Int(size)).lazy.map(Vectors.entry))
        for (node, hash) in tree.nodes {
            let coordinate = try #require(TileCoordinate(containing: node, inLogOf: size))
            #expect(TileCoordinate.hashTiles(from: 0, to: size).contains(coordinate))
            let tile = try #require(HashTile(coordinate, hash: tree.hash))
            #expect(tile.hash(of: node) == hash)
            #expect(HashTile(coordinate, bytes: tile.bytes) == tile)
            #expect(HashTile(coordinate, bytes: Array(tile.bytes.dropLast())) == nil)
        }
        #expect(TileCoordinate(containing: TreeNode(level: 0, index: size), inLogOf: size) == nil)
        #expect(TileCoordinate(containing: TreeNode(level: 64, index: 0), inLogOf: size) == nil)
    }

    @Test("Proofs can be made from tiles alone")
    func proofsFromTiles() throws {
        let size: UInt64 = 70_000
        var nodes: [TreeNode: TreeHash] = [:]
        var range = CompactRange()
        for index in 0..<Int(size) {
            range.append(MerkleTree.leafHash(of: Vectors.entry(index))) { node, hash in
                if node.level % 8 == 0 { nodes[node] = hash }
            }
        }
        func hash(of node: TreeNode) throws -> TreeHash {
            let coordinate = try #require(TileCoordinate(containing: node, inLogOf: size))
            let tile = try #require(HashTile(coordinate) { nodes[$0] ?? MerkleTree.emptyRoot })
            return try #require(tile.hash(of: node))
        }
        #expect(try MerkleTree.root(ofSize: size, hash: hash) == range.root)
        for index in [0, 255, 256, 65_535, 65_536, 69_887, 69_999] as [UInt64] {
            let proof = try #require(try InclusionProof(of: index, inTreeOf: size, hash: hash))
            try proof.verify(leaf: MerkleTree.leafHash(of: Vectors.entry(Int(index))), root: range.root)
        }
    }

    @Test("A bundle of entries comes apart into the entries it was made of")
    func bundles() throws {
        let entries = (0..<256).map(Vectors.entry)
        let bundle = try #require(EntryBundle.bytes(of: entries))
        #expect(EntryBundle.leaves(in: bundle) == entries)
        #expect(EntryBundle.leaves(in: []) == [])
        #expect(EntryBundle.leaves(in: Array(bundle.dropLast())) == nil)
        #expect(EntryBundle.leaves(in: [0]) == nil)
        #expect(EntryBundle.bytes(of: [[UInt8](repeating: 1, count: 65_535)])?.count == 65_537)
        #expect(EntryBundle.bytes(of: [[UInt8](repeating: 1, count: 65_536)]) == nil)
    }
}
