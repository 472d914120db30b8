/// Proof that a leaf is in a tree at an index (RFC 9162, section 2.1.3).
public struct InclusionProof: Hashable, Sendable {
    /// The index of the leaf, from 0.
    public let index: UInt64
    /// The size of the tree.
    public let size: UInt64
    /// The hashes beside the way from the leaf to the root, the lowest first.
    public let hashes: [TreeHash]

    /// Takes a proof as it came, unverified.
    public init(index: UInt64, size: UInt64, hashes: [TreeHash]) {
        self.index = index
        self.size = size
        self.hashes = hashes
    }

    /// Makes the proof for a leaf from the hashes of complete subtrees; nil when the tree has no leaf of that index.
    ///
    /// - Parameter hash: the hash of a node; asked for nodes inside the tree only, at most 128 of them.
    public init?<Failure: Error>(
        of index: UInt64,
        inTreeOf size: UInt64,
        hash: (TreeNode) throws(Failure) -> TreeHash
    ) throws(Failure) {
        guard index < size else { return nil }
        var siblings: [TreeHash] = []
        var leaves = 0..<size
        while leaves.upperBound - leaves.lowerBound > 1 {
            let middle = leaves.lowerBound + MerkleTree.split(leaves.upperBound - leaves.lowerBound)
            let left = leaves.lowerBound..<middle
            let right = middle..<leaves.upperBound
            siblings.append(try MerkleTree.hash(of: index < middle ? right : left, hash: hash))
            leaves = index < middle ? left : right
        }
        self.init(index: index, size: size, hashes: siblings.reversed())
    }

    /// A step on the way from a leaf to the root.
    public struct Step: Hashable, Sendable {
        /// The hash beside the way.
        public let sibling: TreeHash
        /// Whether it stands to the left.
        public let isLeft: Bool
        /// The hash of both.
        public let hash: TreeHash
    }

    /// The way from a leaf to the root, step by step; the last step's hash must be the root.
    public func steps(from leaf: TreeHash) throws(ProofError) -> [Step] {
        var steps: [Step] = []
        try self.walk(from: leaf) { steps.append($0) }
        return steps
    }

    /// Throws unless the leaf is in the tree with this root.
    public func verify(leaf: TreeHash, root: TreeHash) throws(ProofError) {
        var hash = leaf
        try self.walk(from: leaf) { hash = $0.hash }
        guard hash == root else { throw .notInTree(index: self.index) }
    }

    /// RFC 9162, section 2.1.3.2.
    private func walk(from leaf: TreeHash, _ take: (Step) -> Void) throws(ProofError) {
        guard self.index < self.size else { throw .indexOutsideTree(index: self.index, size: self.size) }
        var position = self.index
        var last = self.size - 1
        var hash = leaf
        for sibling in self.hashes {
            guard last > 0 else { throw .wrongLength }
            if position & 1 == 1 || position == last {
                hash = MerkleTree.nodeHash(sibling, hash)
                take(Step(sibling: sibling, isLeft: true, hash: hash))
                while position & 1 == 0, position != 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                hash = MerkleTree.nodeHash(hash, sibling)
                take(Step(sibling: sibling, isLeft: false, hash: hash))
            }
            position >>= 1
            last >>= 1
        }
        guard last == 0 else { throw .wrongLength }
    }
}

/// Why a proof proves nothing.
public enum ProofError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The index is not below the tree's size.
    case indexOutsideTree(index: UInt64, size: UInt64)
    /// The old size is larger than the new one.
    case sizeGoesBack(from: UInt64, to: UInt64)
    /// There are too few or too many hashes for the sizes.
    case wrongLength
    /// The leaf is not in the tree at that index.
    case notInTree(index: UInt64)
    /// The new tree does not begin with the old one: something that was in the log was changed or taken away.
    case inconsistent(from: UInt64, to: UInt64)

    /// A sentence for people.
    public var description: String {
        switch self {
        case .indexOutsideTree(let index, let size): "there is no entry \(index) in a log of \(size) entries"
        case .sizeGoesBack(let old, let new): "the log had \(old) entries and now has \(new): it was rolled back"
        case .wrongLength: "the proof has the wrong number of hashes for its sizes; ask for it again"
        case .notInTree(let index): "the entry is not in the log at index \(index), or was changed"
        case .inconsistent(let old, let new):
            "the log of \(new) entries does not begin with the log of \(old) entries: its past was changed"
        }
    }
}
