import AuditLog
import Crypto
import Foundation
import Testing

@Suite("Trees and tiles that other implementations made")
struct MerkleVectorTests {
    struct Trees: Decodable {
        struct Inclusion: Decodable {
            let index: UInt64
            let size: UInt64
            let hashes: [String]
        }
        struct Consistency: Decodable {
            let old: UInt64
            let new: UInt64
            let hashes: [String]
        }
        let roots: [String]
        let inclusion: [Inclusion]
        let consistency: [Consistency]
    }

    struct Tiles: Decodable {
        let size: UInt64
        let fileCount: Int
        let listingDigest: String
        let files: [String: String]
        let checkpoint: String
    }

    static let tree = GrownTree(entries: (0..<300).lazy.map(Vectors.entry))

    @Test("The roots are the same at every size to 130")
    func roots() throws {
        let trees: Trees = try Vectors.load("merkle.json")
        #expect(trees.roots.count == 131)
        for (size, root) in trees.roots.enumerated() {
            #expect(MerkleTree.root(ofSize: UInt64(size), hash: Self.tree.hash).description == root)
        }
    }

    @Test("The inclusion proofs are the same")
    func inclusionProofs() throws {
        let trees: Trees = try Vectors.load("merkle.json")
        #expect(trees.inclusion.count == 34)
        for expected in trees.inclusion {
            let proof = try #require(
                InclusionProof(of: expected.index, inTreeOf: expected.size, hash: Self.tree.hash)
            )
            #expect(proof.hashes.map(\.description) == expected.hashes)
            let leaf = MerkleTree.leafHash(of: Vectors.entry(Int(expected.index)))
            try proof.verify(leaf: leaf, root: MerkleTree.root(ofSize: expected.size, hash: Self.tree.hash))
        }
    }

    @Test("The consistency proofs are the same")
    func consistencyProofs() throws {
        let trees: Trees = try Vectors.load("merkle.json")
        #expect(trees.consistency.count == 31)
        for expected in trees.consistency {
            let proof = try #require(ConsistencyProof(from: expected.old, to: expected.new, hash: Self.tree.hash))
            #expect(proof.hashes.map(\.description) == expected.hashes)
            try proof.verify(
                oldRoot: MerkleTree.root(ofSize: expected.old, hash: Self.tree.hash),
                newRoot: MerkleTree.root(ofSize: expected.new, hash: Self.tree.hash)
            )
        }
    }

    @Test("A log of 70,000 entries has the same files under the same paths, and the same checkpoint")
    func tilesOf70000() throws {
        let expected: Tiles = try Vectors.load("tiles.json")
        let entries = (0..<Int(expected.size)).map(Vectors.entry)
        var nodes: [TreeNode: TreeHash] = [:]
        var range = CompactRange()
        for entry in entries {
            range.append(MerkleTree.leafHash(of: entry)) { node, hash in
                if node.level % 8 == 0 { nodes[node] = hash }
            }
        }
        var files: [String: String] = [:]
        for coordinate in TileCoordinate.hashTiles(from: 0, to: expected.size) {
            let tile = try #require(HashTile(coordinate) { node in nodes[node] ?? MerkleTree.emptyRoot })
            files[coordinate.path] = Self.digest(tile.bytes)
        }
        for coordinate in TileCoordinate.entryBundles(from: 0, to: expected.size) {
            let bundle = try #require(EntryBundle.bytes(of: coordinate.nodes.map { entries[Int($0.index)] }))
            files[coordinate.path] = Self.digest(bundle)
        }
        #expect(files.count == expected.fileCount)
        for (path, digest) in expected.files { #expect(files[path] == digest, "\(path)") }
        let listing = files.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()
        #expect(Self.digest(Array(listing.utf8)) == expected.listingDigest)

        let seed = SymmetricKey(data: NaiveTree.hash(Array("log".utf8)))
        let key = try SigningKey(name: "log.example.com/vectors", seed: seed)
        let note = try Checkpoint(origin: "log.example.com/vectors", range: range).signed(by: key)
        #expect(note.description == expected.checkpoint)
    }

    private static func digest(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
