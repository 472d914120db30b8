/// Proof that a tree begins with all the leaves of an older one (RFC 9162, section 2.1.4).
public struct ConsistencyProof: Hashable, Sendable {
    /// The size of the older tree.
    public let oldSize: UInt64
    /// The size of the newer tree.
    public let newSize: UInt64
    /// The hashes, in the order of the RFC; none when the sizes are the same or the older tree is empty.
    public let hashes: [TreeHash]

    /// Takes a proof as it came, unverified.
    public init(oldSize: UInt64, newSize: UInt64, hashes: [TreeHash]) {
        self.oldSize = oldSize
        self.newSize = newSize
        self.hashes = hashes
    }

    /// Makes the proof from the hashes of complete subtrees; nil when the old size is larger than the new one.
    ///
    /// - Parameter hash: the hash of a node; asked for nodes inside the newer tree only, at most 128 of them.
    public init?<Failure: Error>(
        from oldSize: UInt64,
        to newSize: UInt64,
        hash: (TreeNode) throws(Failure) -> TreeHash
    ) throws(Failure) {
        guard oldSize <= newSize else { return nil }
        var hashes: [TreeHash] = []
        var leaves = 0..<newSize
        var isWholeOldTree = true
        while oldSize > 0, oldSize < newSize, leaves.upperBound != oldSize {
            let middle = leaves.lowerBound + MerkleTree.split(leaves.upperBound - leaves.lowerBound)
            let left = leaves.lowerBound..<middle
            let right = middle..<leaves.upperBound
            if oldSize <= middle {
                hashes.append(try MerkleTree.hash(of: right, hash: hash))
                leaves = left
            } else {
                hashes.append(try MerkleTree.hash(of: left, hash: hash))
                leaves = right
                isWholeOldTree = false
            }
        }
        if !isWholeOldTree { hashes.append(try MerkleTree.hash(of: leaves, hash: hash)) }
        self.init(oldSize: oldSize, newSize: newSize, hashes: hashes.reversed())
    }

    /// Throws unless the tree with the new root begins with the tree with the old root.
    public func verify(oldRoot: TreeHash, newRoot: TreeHash) throws(ProofError) {
        let broken = ProofError.inconsistent(from: self.oldSize, to: self.newSize)
        guard self.oldSize <= self.newSize else { throw .sizeGoesBack(from: self.oldSize, to: self.newSize) }
        if self.oldSize == 0 || self.oldSize == self.newSize {
            guard self.hashes.isEmpty else { throw .wrongLength }
            guard oldRoot == (self.oldSize == 0 ? MerkleTree.emptyRoot : newRoot) else { throw broken }
            guard self.newSize > 0 || newRoot == MerkleTree.emptyRoot else { throw broken }
            return
        }
        // An older tree that is complete is a node of the newer one, so the proof leaves its hash, which is the old root, out.
        var rest = self.hashes[...]
        guard let start = self.oldSize.nonzeroBitCount == 1 ? oldRoot : rest.popFirst() else { throw .wrongLength }
        var position = self.oldSize - 1
        var last = self.newSize - 1
        while position & 1 == 1 {
            position >>= 1
            last >>= 1
        }
        var oldHash = start
        var newHash = start
        for sibling in rest {
            guard last > 0 else { throw .wrongLength }
            if position & 1 == 1 || position == last {
                oldHash = MerkleTree.nodeHash(sibling, oldHash)
                newHash = MerkleTree.nodeHash(sibling, newHash)
                while position & 1 == 0, position != 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                newHash = MerkleTree.nodeHash(newHash, sibling)
            }
            position >>= 1
            last >>= 1
        }
        guard last == 0 else { throw .wrongLength }
        guard oldHash == oldRoot, newHash == newRoot else { throw broken }
    }
}
