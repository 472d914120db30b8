import AuditLog
import Crypto
import Testing

struct LogFollowerTests {
    private let entries: [LogEntry]
    private let leaves: [TreeHash]

    init() throws {
        let entries = try (0..<700).map { number in
            try LogEntry(
                index: UInt64(number),
                time: 1_764_000_000_000,
                kind: "key.reveal",
                record: ["n": .integer(CanonicalJSON.Integer(exactly: Int64(number)) ?? 0)],
                salt: [UInt8](repeating: UInt8(number % 251), count: 32)
            )
        }
        self.entries = entries
        self.leaves = entries.map(\.leaf.hash)
    }

    private func checkpoint(_ size: Int) -> Checkpoint {
        Checkpoint(origin: "example.com/log", size: UInt64(size), root: MerkleTree.root(of: self.leaves[..<size]))
    }

    private func tiles(_ wanted: [TileCoordinate], leaves: [TreeHash]? = nil) -> [TileCoordinate: [UInt8]] {
        let leaves = leaves ?? self.leaves
        var tiles: [TileCoordinate: [UInt8]] = [:]
        for coordinate in wanted {
            let tile = HashTile(coordinate) { node in
                MerkleTree.root(of: leaves[Int(node.index) << node.level..<Int(node.index + 1) << node.level])
            }
            tiles[coordinate] = tile?.bytes
        }
        return tiles
    }

    private func line(_ number: Int) -> [UInt8] {
        var line: [UInt8] = []
        LogExport.appendEntry(self.entries[number], to: &line)
        return Array(line.dropLast())
    }

    @Test("a log that grew is followed by a few tiles, from any size", arguments: [0, 1, 255, 256, 300, 512, 699, 700])
    func grown(from old: Int) throws {
        var follower = try LogFollower(from: old == 0 ? nil : self.checkpoint(old), to: self.checkpoint(700))
        #expect(follower.tiles.count <= 5)
        try follower.check(self.tiles(follower.tiles))
        #expect(follower.size == UInt64(old))
        for number in old..<700 { try follower.take(line: self.line(number), keys: []) }
        try follower.finish(at: self.checkpoint(700))
    }

    @Test("a log that was rolled back, rewritten, or is another one is told from its checkpoint alone")
    func checkpoints() {
        #expect(throws: LogFollowProblem.rolledBack(from: 300, to: 299)) {
            try LogFollower(from: self.checkpoint(300), to: self.checkpoint(299))
        }
        let other = Checkpoint(origin: "example.com/log", size: 300, root: MerkleTree.root(of: self.leaves[1..<301]))
        #expect(throws: LogFollowProblem.rewritten(size: 300)) {
            try LogFollower(from: self.checkpoint(300), to: other)
        }
        let stranger = Checkpoint(origin: "example.com/2", range: CompactRange())
        #expect(throws: LogFollowProblem.otherLog(found: "example.com/2", expected: "example.com/log")) {
            try LogFollower(from: self.checkpoint(300), to: stranger)
        }
    }

    @Test("a past that was changed and hashes that do not fit are told apart")
    func tampered() throws {
        var changed = self.leaves
        changed[10] = changed[11]
        let forged = Checkpoint(origin: "example.com/log", size: 700, root: MerkleTree.root(of: changed))
        var follower = try LogFollower(from: self.checkpoint(300), to: forged)
        let tiles = self.tiles(follower.tiles, leaves: changed)
        #expect(Self.problem { try follower.check(tiles) } == .inconsistent(from: 300, to: 700))
        let right = self.tiles(follower.tiles)
        #expect(Self.problem { try follower.check(right) } == .tilesDoNotFit(size: 700))
        #expect(Self.problem { try follower.check([:]) } != nil)
    }

    @Test("a record that was changed, moved, or kept back is named")
    func records() throws {
        func followed() throws -> LogFollower {
            var follower = try LogFollower(from: self.checkpoint(690), to: self.checkpoint(700))
            try follower.check(self.tiles(follower.tiles))
            return follower
        }
        var follower = try followed()
        let skipped = Self.problem { try follower.take(line: self.line(692), keys: []) }
        #expect(skipped == .wrongIndex(found: 692, expected: 690))
        let text = String(decoding: self.line(690), as: UTF8.self).replacing("\"n\":690", with: "\"n\":691")
        #expect(Self.problem { try follower.take(line: Array(text.utf8), keys: []) } == .changed(record: 690))
        for number in 690..<695 { try follower.take(line: self.line(number), keys: []) }
        #expect(Self.problem { try follower.finish(at: self.checkpoint(700)) } == .missing(from: 695, to: 700))
        follower = try followed()
        let moved = String(decoding: self.line(5), as: UTF8.self).replacing("\"i\":5,", with: "\"i\":690,")
        try follower.take(line: Array(moved.utf8), keys: [])
        for number in 691..<699 { try follower.take(line: self.line(number), keys: []) }
        #expect(Self.problem { try follower.take(line: self.line(699), keys: []) } == .recordsDoNotFit(size: 700))
    }

    private static func problem(_ body: () throws -> Void) -> LogFollowProblem? {
        do { try body() } catch { return error as? LogFollowProblem }
        return nil
    }
}
