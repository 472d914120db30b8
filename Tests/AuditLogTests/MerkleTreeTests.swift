import AuditLog
import Crypto
import Testing

/// The tree of RFC 6962, section 2.1, written as the RFC writes it: slow, recursive, and sharing no code with the library.
struct NaiveTree {
    let entries: [[UInt8]]

    static func hash(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

    func root(_ entries: ArraySlice<[UInt8]>) -> [UInt8] {
        guard entries.count > 1 else { return entries.first.map { Self.hash([0] + $0) } ?? Self.hash([]) }
        let middle = entries.startIndex + self.split(entries.count)
        return Self.hash([1] + self.root(entries[..<middle]) + self.root(entries[middle...]))
    }

    func path(_ index: Int, _ entries: ArraySlice<[UInt8]>) -> [[UInt8]] {
        guard entries.count > 1 else { return [] }
        let split = self.split(entries.count)
        let middle = entries.startIndex + split
        return index < split
            ? self.path(index, entries[..<middle]) + [self.root(entries[middle...])]
            : self.path(index - split, entries[middle...]) + [self.root(entries[..<middle])]
    }

    func subproof(_ old: Int, _ entries: ArraySlice<[UInt8]>, _ isComplete: Bool) -> [[UInt8]] {
        if old == entries.count { return isComplete ? [] : [self.root(entries)] }
        let split = self.split(entries.count)
        let middle = entries.startIndex + split
        return old <= split
            ? self.subproof(old, entries[..<middle], isComplete) + [self.root(entries[middle...])]
            : self.subproof(old - split, entries[middle...], false) + [self.root(entries[..<middle])]
    }

    private func split(_ count: Int) -> Int {
        var split = 1
        while split * 2 < count { split *= 2 }
        return split
    }
}

/// A tree grown with the library, with the hash of every complete subtree, as a store would keep them.
struct GrownTree {
    private(set) var range = CompactRange()
    private(set) var nodes: [TreeNode: TreeHash] = [:]

    init(entries: some Sequence<[UInt8]>) {
        for entry in entries {
            self.range.append(MerkleTree.leafHash(of: entry)) { node, hash in self.nodes[node] = hash }
        }
    }

    func hash(of node: TreeNode) -> TreeHash {
        guard let hash = self.nodes[node] else { preconditionFailure("a proof asked for a node outside the tree") }
        return hash
    }
}

/// 201 entries of different lengths.
let sampleEntries = (0..<201).map { index in [UInt8](repeating: UInt8(index), count: index % 7) + [UInt8(index)] }

@Suite("Merkle tree")
struct MerkleTreeTests {
    /// The input of the Certificate Transparency reference tests; the roots are in many implementations of RFC 6962.
    static let referenceEntries: [[UInt8]] = [
        [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43],
        [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        [0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F],
    ]
    static let referenceRoots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    @Test("The reference trees of Certificate Transparency have their published roots", arguments: 0...8)
    func referenceRoot(size: Int) {
        let leaves = Self.referenceEntries.prefix(size).map { MerkleTree.leafHash(of: $0) }
        #expect(MerkleTree.root(of: leaves).description == Self.referenceRoots[size])
    }

    @Test("A leaf and a node have the hashes that the reference tests give")
    func referenceHashes() throws {
        let leaf = MerkleTree.leafHash(of: Array("L123456".utf8))
        #expect(leaf.description == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56")
        // The reference's node test is over "N123" and "N456", which are no hashes of ours: the same rule with real ones.
        let other = MerkleTree.leafHash(of: [])
        #expect(MerkleTree.nodeHash(leaf, other).bytes == NaiveTree.hash([1] + leaf.bytes + other.bytes))
    }

    @Test("For every size up to 200 the root is the RFC's, by appending and from stored subtrees")
    func everyRoot() {
        let naive = NaiveTree(entries: sampleEntries)
        let full = GrownTree(entries: sampleEntries)
        var range = CompactRange()
        for size in 0...200 {
            let expected = naive.root(sampleEntries[..<size])
            #expect(range.root.bytes == expected)
            #expect(MerkleTree.root(ofSize: UInt64(size), hash: full.hash).bytes == expected)
            #expect(CompactRange(size: UInt64(size), hash: full.hash) == range)
            range.append(MerkleTree.leafHash(of: sampleEntries[size]))
        }
    }

    @Test("For every size up to 130 and every index the inclusion proof is the RFC's and verifies")
    func everyInclusionProof() throws {
        let full = GrownTree(entries: sampleEntries)
        let naive = NaiveTree(entries: sampleEntries)
        for size in 1...130 {
            let root = try #require(TreeHash(bytes: naive.root(sampleEntries[..<size])))
            for index in 0..<size {
                let proof = try #require(
                    InclusionProof(of: UInt64(index), inTreeOf: UInt64(size), hash: full.hash)
                )
                if size <= 40 || index % 13 == 0 {
                    #expect(proof.hashes.map(\.bytes) == naive.path(index, sampleEntries[..<size]))
                }
                try proof.verify(leaf: MerkleTree.leafHash(of: sampleEntries[index]), root: root)
            }
            #expect(InclusionProof(of: UInt64(size), inTreeOf: UInt64(size), hash: full.hash) == nil)
        }
    }

    @Test("For every pair of sizes up to 100 the consistency proof is the RFC's and verifies")
    func everyConsistencyProof() throws {
        let full = GrownTree(entries: sampleEntries)
        let naive = NaiveTree(entries: sampleEntries)
        let roots = (0...100).compactMap { TreeHash(bytes: naive.root(sampleEntries[..<$0])) }
        for new in 0...100 {
            for old in 0...new {
                let proof = try #require(ConsistencyProof(from: UInt64(old), to: UInt64(new), hash: full.hash))
                if old > 0, new <= 40 || old % 13 == 0 {
                    #expect(proof.hashes.map(\.bytes) == naive.subproof(old, sampleEntries[..<new], true))
                }
                try proof.verify(oldRoot: roots[old], newRoot: roots[new])
            }
            #expect(ConsistencyProof(from: UInt64(new + 1), to: UInt64(new), hash: full.hash) == nil)
        }
    }

    @Test("An inclusion proof with anything changed is refused", arguments: [1, 2, 7, 8, 33, 64, 100])
    func tamperedInclusionProof(size: UInt64) throws {
        let tree = GrownTree(entries: sampleEntries.prefix(Int(size)))
        let foreign = MerkleTree.leafHash(of: [0xFF, 0xFF])
        for index in 0..<size {
            let leaf = tree.hash(of: TreeNode(level: 0, index: index))
            let root = tree.range.root
            let proof = try #require(InclusionProof(of: index, inTreeOf: size, hash: tree.hash))
            #expect(throws: ProofError.notInTree(index: index)) { try proof.verify(leaf: foreign, root: root) }
            #expect(throws: ProofError.notInTree(index: index)) { try proof.verify(leaf: leaf, root: foreign) }
            for at in proof.hashes.indices {
                var hashes = proof.hashes
                hashes[at] = foreign
                let changed = InclusionProof(index: index, size: size, hashes: hashes)
                #expect(throws: ProofError.notInTree(index: index)) { try changed.verify(leaf: leaf, root: root) }
            }
            let longer = InclusionProof(index: index, size: size, hashes: proof.hashes + [foreign])
            #expect(throws: ProofError.wrongLength) { try longer.verify(leaf: leaf, root: root) }
            if !proof.hashes.isEmpty {
                let shorter = InclusionProof(index: index, size: size, hashes: Array(proof.hashes.dropLast()))
                #expect(throws: ProofError.wrongLength) { try shorter.verify(leaf: leaf, root: root) }
            }
            for wrong in 0..<size where wrong != index {
                let moved = InclusionProof(index: wrong, size: size, hashes: proof.hashes)
                #expect(throws: ProofError.self) { try moved.verify(leaf: leaf, root: root) }
            }
            let outside = InclusionProof(index: size, size: size, hashes: proof.hashes)
            #expect(throws: ProofError.indexOutsideTree(index: size, size: size)) {
                try outside.verify(leaf: leaf, root: root)
            }
        }
    }

    @Test("A consistency proof with anything changed is refused", arguments: [1, 2, 3, 6, 7, 8, 9, 64, 65])
    func tamperedConsistencyProof(new: UInt64) throws {
        let tree = GrownTree(entries: sampleEntries.prefix(Int(new)))
        let foreign = MerkleTree.leafHash(of: [0xFF, 0xFF])
        let newRoot = tree.range.root
        for old in 1...new {
            let oldRoot = MerkleTree.root(ofSize: old, hash: tree.hash)
            let proof = try #require(ConsistencyProof(from: old, to: new, hash: tree.hash))
            #expect(throws: ProofError.inconsistent(from: old, to: new)) {
                try proof.verify(oldRoot: foreign, newRoot: newRoot)
            }
            #expect(throws: ProofError.inconsistent(from: old, to: new)) {
                try proof.verify(oldRoot: oldRoot, newRoot: foreign)
            }
            for at in proof.hashes.indices {
                var hashes = proof.hashes
                hashes[at] = foreign
                let changed = ConsistencyProof(oldSize: old, newSize: new, hashes: hashes)
                #expect(throws: ProofError.self) { try changed.verify(oldRoot: oldRoot, newRoot: newRoot) }
            }
            let longer = ConsistencyProof(oldSize: old, newSize: new, hashes: proof.hashes + [foreign])
            #expect(throws: ProofError.wrongLength) { try longer.verify(oldRoot: oldRoot, newRoot: newRoot) }
        }
        let rolledBack = ConsistencyProof(oldSize: new + 1, newSize: new, hashes: [])
        #expect(throws: ProofError.sizeGoesBack(from: new + 1, to: new)) {
            try rolledBack.verify(oldRoot: newRoot, newRoot: newRoot)
        }
        let fromNothing = ConsistencyProof(oldSize: 0, newSize: new, hashes: [])
        try fromNothing.verify(oldRoot: MerkleTree.emptyRoot, newRoot: newRoot)
        #expect(throws: ProofError.self) { try fromNothing.verify(oldRoot: foreign, newRoot: newRoot) }
    }

    @Test("A compact range comes back from its stored bytes at every size and goes on as before")
    func storedRange() throws {
        var range = CompactRange()
        for entry in sampleEntries {
            range.append(MerkleTree.leafHash(of: entry))
            let bytes = range.bytes
            #expect(bytes.count == 8 + 32 * range.size.nonzeroBitCount)
            #expect(CompactRange(bytes: bytes) == range)
            #expect(CompactRange(bytes: bytes.dropLast()) == nil)
            #expect(CompactRange(bytes: bytes + [0]) == nil)
            #expect(CompactRange(bytes: bytes + [UInt8](repeating: 0, count: 32)) == nil)
        }
        #expect(CompactRange(bytes: CompactRange().bytes) == CompactRange())
        #expect(CompactRange(bytes: []) == nil)
    }

    @Test("Appending tells each complete subtree exactly once")
    func completedNodes() {
        var seen: Set<TreeNode> = []
        var range = CompactRange()
        for entry in sampleEntries {
            range.append(MerkleTree.leafHash(of: entry)) { node, _ in #expect(seen.insert(node).inserted) }
        }
        let expected = (0..<8).reduce(0) { $0 + sampleEntries.count >> $1 }
        #expect(seen.count == expected)
    }

    @Test("A proof over a log larger than any real one terminates and is short")
    func hugeTree() throws {
        let size = UInt64.max
        let proof = try #require(
            InclusionProof(of: size - 1, inTreeOf: size) { _ in MerkleTree.emptyRoot }
        )
        #expect(proof.hashes.count <= 64)
        let consistency = try #require(
            ConsistencyProof(from: size / 3, to: size) { _ in MerkleTree.emptyRoot }
        )
        #expect(consistency.hashes.count <= 65)
    }
}
