internal import Crypto

/// The hashing and the proofs of the log's tree (RFC 6962, section 2.1; RFC 9162, section 2.1), with SHA-256.
public enum MerkleTree {
    /// The root of a tree without leaves: the hash of no bytes.
    public static let emptyRoot = TreeHash(SHA256().finalize())

    /// The hash of a leaf: of a zero byte, then the entry's bytes.
    public static func leafHash(of entry: [UInt8]) -> TreeHash {
        var hasher = SHA256()
        Self.update(&hasher, byte: 0x00)
        entry.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return TreeHash(hasher.finalize())
    }

    /// The hash of a node: of a one byte, then the hashes of its two children.
    public static func nodeHash(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        withUnsafeTemporaryAllocation(byteCount: 1 + 2 * TreeHash.byteCount, alignment: 1) { buffer in
            buffer[0] = 0x01
            left.withBytes { UnsafeMutableRawBufferPointer(rebasing: buffer[1..<33]).copyMemory(from: $0) }
            right.withBytes { UnsafeMutableRawBufferPointer(rebasing: buffer[33..<65]).copyMemory(from: $0) }
            var hasher = SHA256()
            hasher.update(bufferPointer: UnsafeRawBufferPointer(buffer))
            return TreeHash(hasher.finalize())
        }
    }

    /// The root of the tree over these leaves.
    public static func root(of leaves: some Sequence<TreeHash>) -> TreeHash {
        var range = CompactRange()
        for leaf in leaves { range.append(leaf) }
        return range.root
    }

    /// The SHA-256 of bytes as they are: how C2SP names a log in a path, by its origin.
    public static func digest(of bytes: [UInt8]) -> TreeHash { TreeHash(SHA256.hash(data: bytes)) }

    private static func update(_ hasher: inout SHA256, byte: UInt8) {
        withUnsafeBytes(of: byte) { hasher.update(bufferPointer: $0) }
    }
}

/// A node over a complete subtree: 2^level leaves, from leaf `index · 2^level` on.
///
/// The hash of such a node never changes again once its leaves are there, so it can be stored; the ragged right edge of a tree is made of them.
public struct TreeNode: Hashable, Sendable {
    /// The height above the leaves, 0 for a leaf; at most 63.
    public let level: Int
    /// The position among the nodes of this level, from 0.
    public let index: UInt64

    /// Names a node.
    public init(level: Int, index: UInt64) {
        self.level = level
        self.index = index
    }
}

extension MerkleTree {
    /// The root of the tree of a size, from the hashes of complete subtrees.
    ///
    /// - Parameter hash: the hash of a node; asked for nodes inside the tree only, at most 64 of them.
    public static func root<Failure: Error>(
        ofSize size: UInt64,
        hash: (TreeNode) throws(Failure) -> TreeHash
    ) throws(Failure) -> TreeHash {
        size == 0 ? Self.emptyRoot : try Self.hash(of: 0..<size, hash: hash)
    }

    /// The hash over a range of leaves that is a subtree of some tree: aligned, and complete or at the right edge.
    static func hash<Failure: Error>(
        of leaves: Range<UInt64>,
        hash: (TreeNode) throws(Failure) -> TreeHash
    ) throws(Failure) -> TreeHash {
        let count = leaves.upperBound - leaves.lowerBound
        if count.nonzeroBitCount == 1 {
            let level = count.trailingZeroBitCount
            return try hash(TreeNode(level: level, index: leaves.lowerBound >> UInt64(level)))
        }
        let middle = leaves.lowerBound + Self.split(count)
        let left = try Self.hash(of: leaves.lowerBound..<middle, hash: hash)
        return Self.nodeHash(left, try Self.hash(of: middle..<leaves.upperBound, hash: hash))
    }

    /// The largest power of two below a count of two or more: where RFC 6962 splits a list of leaves.
    static func split(_ count: UInt64) -> UInt64 { 1 << UInt64(63 - (count - 1).leadingZeroBitCount) }
}
