/// The right edge of a tree: all that is needed to append to it and to know its root, in at most 64 hashes.
///
/// It holds the roots of the complete subtrees that the tree's size is made of, the largest (leftmost) first: one for each bit
/// that is set in the size. Appending n leaves computes about n node hashes, whatever the size is.
public struct CompactRange: Hashable, Sendable {
    /// How many leaves the tree has.
    public private(set) var size: UInt64
    /// The roots of the complete subtrees, the largest first.
    public private(set) var hashes: [TreeHash]

    /// The edge of a tree without leaves.
    public init() {
        self.size = 0
        self.hashes = []
    }

    /// Takes up a tree at a size; nil when there is not one hash for each bit that is set in the size.
    public init?(size: UInt64, hashes: [TreeHash]) {
        guard hashes.count == size.nonzeroBitCount else { return nil }
        self.size = size
        self.hashes = hashes
    }

    /// Takes up a tree at a size, from the hashes of its complete subtrees.
    ///
    /// - Parameter hash: the hash of a node; asked once for each bit that is set in the size.
    public init<Failure: Error>(
        size: UInt64,
        hash: (TreeNode) throws(Failure) -> TreeHash
    ) throws(Failure) {
        self.size = size
        self.hashes = []
        for level in (0..<64).reversed() where size >> UInt64(level) & 1 == 1 {
            self.hashes.append(try hash(TreeNode(level: level, index: (size >> UInt64(level)) - 1)))
        }
    }

    /// Adds a leaf at the right.
    public mutating func append(_ leaf: TreeHash) {
        self.append(leaf) { _, _ in }
    }

    /// Adds a leaf at the right, and tells every complete subtree that it finishes, the leaf itself first.
    public mutating func append(_ leaf: TreeHash, completed: (TreeNode, TreeHash) -> Void) {
        var hash = leaf
        completed(TreeNode(level: 0, index: self.size), hash)
        var level = 0
        while self.size >> UInt64(level) & 1 == 1 {
            hash = MerkleTree.nodeHash(self.hashes.removeLast(), hash)
            level += 1
            completed(TreeNode(level: level, index: self.size >> UInt64(level)), hash)
        }
        self.hashes.append(hash)
        self.size += 1
    }

    /// The root of the tree.
    public var root: TreeHash {
        guard var root = self.hashes.last else { return MerkleTree.emptyRoot }
        for left in self.hashes.dropLast().reversed() { root = MerkleTree.nodeHash(left, root) }
        return root
    }
}

extension CompactRange {
    /// A form to store: the size as 8 bytes, most significant first, then the hashes, 32 bytes each.
    public var bytes: [UInt8] {
        var bytes = (0..<8).map { UInt8(truncatingIfNeeded: self.size >> UInt64(56 - 8 * $0)) }
        bytes.reserveCapacity(8 + self.hashes.count * TreeHash.byteCount)
        for hash in self.hashes { hash.withBytes { bytes.append(contentsOf: $0) } }
        return bytes
    }

    /// Reads the stored form; nil when it is too short or too long for its size.
    public init?(bytes: [UInt8]) {
        guard bytes.count >= 8, (bytes.count - 8) % TreeHash.byteCount == 0 else { return nil }
        let size = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let hashes = stride(from: 8, to: bytes.count, by: TreeHash.byteCount).compactMap {
            TreeHash(bytes: bytes[$0..<$0 + TreeHash.byteCount])
        }
        self.init(size: size, hashes: hashes)
    }
}
