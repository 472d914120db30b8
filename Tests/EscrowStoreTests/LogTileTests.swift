import AuditLog
import EscrowModel
import EscrowStore
import Testing

@Suite("The log's tiles")
struct LogTileTests {
    /// A log with two full levels of tiles below a third. Making it takes a while, so one test looks at all of it.
    private static let size: UInt64 = 70_000

    @Test(
        "tiles and proofs are those of the tree over all leaves, over three levels of tiles",
        arguments: Engine.available
    )
    func threeLevels(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        let store = try await fixture.start()
        try await store.fill(to: Self.size)
        let leaves = try await store.read { reader throws(StoreError) -> [TreeHash] in
            try reader.logEntries(from: 0, limit: Int(Self.size)).map { MerkleTree.leafHash(of: $0.leaf) }
        }
        #expect(leaves.count == Int(Self.size))
        try await store.read { reader throws(StoreError) in
            for coordinate in TileCoordinate.hashTiles(from: 0, to: Self.size) {
                let expected = coordinate.nodes.map { node in
                    MerkleTree.root(of: leaves[Int(node.index) << node.level..<Int(node.index + 1) << node.level])
                }
                let tile = try reader.logTile(coordinate)
                #expect(tile?.hashes == expected, "\(coordinate.path)")
            }
            let root = MerkleTree.root(of: leaves)
            for index: UInt64 in [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999] {
                let proof = try reader.inclusionProof(of: index, inLogOf: Self.size)
                #expect((try? proof?.verify(leaf: leaves[Int(index)], root: root)) != nil, "\(index)")
            }
            for old: UInt64 in [1, 255, 256, 257, 65_536, 69_888, 69_999, 70_000] {
                let proof = try reader.consistencyProof(from: old, to: Self.size)
                let oldRoot = MerkleTree.root(of: leaves[..<Int(old)])
                #expect((try? proof?.verify(oldRoot: oldRoot, newRoot: root)) != nil, "\(old)")
                let earlier = try reader.consistencyProof(from: min(old, 300), to: old)
                let start = MerkleTree.root(of: leaves[..<Int(min(old, 300))])
                #expect((try? earlier?.verify(oldRoot: start, newRoot: oldRoot)) != nil, "\(old)")
            }
        }
        await store.close()
    }

    @Test("what the log does not have, or has narrower, is no tile", arguments: Engine.available)
    func beyond(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        let store = try await fixture.start()
        try await store.fill(to: 600)
        try await store.read { reader throws(StoreError) in
            let widths: [(TileCoordinate.Content, UInt64, Int, Bool)] = [
                (.hashes(level: 0), 0, 256, true), (.hashes(level: 0), 0, 1, true), (.hashes(level: 0), 1, 256, true),
                (.hashes(level: 0), 2, 88, true), (.hashes(level: 0), 2, 89, false), (.hashes(level: 0), 2, 256, false),
                (.hashes(level: 0), 3, 1, false), (.hashes(level: 1), 0, 2, true), (.hashes(level: 1), 0, 3, false),
                (.hashes(level: 2), 0, 1, false), (.hashes(level: 7), 0, 1, false),
                (.hashes(level: 0), UInt64.max >> 8, 1, false),
            ]
            for (content, index, width, isThere) in widths {
                let coordinate = TileCoordinate(content, index: index, width: width)
                let tile = try coordinate.flatMap { coordinate throws(StoreError) in try reader.logTile(coordinate) }
                #expect((tile != nil) == isThere, "\(content) \(index) \(width)")
                #expect(tile.map { $0.hashes.count == width } ?? true)
            }
            let bundle = TileCoordinate(.entries, index: 2, width: 88)
            let leaves = try bundle.flatMap { bundle throws(StoreError) in try reader.logLeaves(bundle) }
            #expect(leaves == (try reader.logEntries(from: 512, limit: 100).map(\.leaf)))
            #expect(try reader.inclusionProof(of: 600, inLogOf: 600) == nil)
            #expect(try reader.inclusionProof(of: 0, inLogOf: 601) == nil)
            #expect(try reader.consistencyProof(from: 10, to: 601) == nil)
            #expect(try reader.consistencyProof(from: 11, to: 10) == nil)
        }
        await store.close()
    }

    @Test(
        "a log that is older than the tiles, or was killed while it got them, gets them when it is started",
        arguments: Engine.available,
        [0, 3]
    )
    func filled(engine: Engine, kept: Int) async throws {
        let fixture = try Fixture(engine)
        let store = try await fixture.start()
        try await store.fill(to: 1_300)
        let tiles = try await store.level1(of: 5)
        await store.close()
        let connection = try Connection(path: fixture.path, mode: .readWrite)
        try connection.execute("DELETE FROM audit_node WHERE number >= \(kept)")
        connection.close()
        let again = try await fixture.start()
        #expect(try await again.level1(of: 5) == tiles)
        try await again.fill(to: 1_300 + 256)
        #expect(try await again.level1(of: 6).starts(with: tiles))
        await again.close()
    }

    @Test("an operation that is undone leaves no hash behind", arguments: Engine.available)
    func undone(engine: Engine) async throws {
        let fixture = try Fixture(engine)
        let store = try await fixture.start()
        try await store.fill(to: 250)
        await #expect(throws: StoreError.constraint(.allowedValue)) {
            try await store.write { _ throws(StoreError) in
                var tooLong = Sample.event()
                tooLong.detail = String(repeating: "x", count: 70_000)
                return Audited.routine((), events: Array(repeating: Sample.event(), count: 10) + [tooLong])
            }
        }
        try await store.fill(to: 600)
        #expect(try await store.level1(of: 2).count == 2)
        await store.close()
    }
}

extension Store {
    /// Puts events on the log until it has so many entries.
    fileprivate func fill(to size: UInt64) async throws {
        while true {
            let head = try #require(try await self.read { reader throws(StoreError) in try reader.logHead() })
            let count = min(Int(size) - Int(head.size), 1000)
            guard count > 0 else { return }
            try await self.write { _ throws(StoreError) in
                .routine((), events: Array(repeating: Sample.event(), count: count))
            }
        }
    }

    /// The first hashes over whole tiles.
    fileprivate func level1(of width: Int) async throws -> [TreeHash] {
        let coordinate = try #require(TileCoordinate(.hashes(level: 1), index: 0, width: width))
        let tile = try await self.read { reader throws(StoreError) in try reader.logTile(coordinate) }
        return try #require(tile).hashes
    }
}
