/// A planned change of the metadata: the same bytes to three places, one after the other.
///
/// A plan is a value: nothing is written until ``VolumeEditor/apply(_:afterWrite:)``. Each write has to be on the disk
/// before the next one begins; then there is a valid copy at every moment, and whatever happens in between,
/// ``VolumeEditor/planRepair()`` finishes the job.
public struct MetadataRewrite: Sendable {
    /// The writes, in the order that is safe.
    public let writes: [Write]
    /// The key protector that the plan adds; nil when it adds none.
    public let addedProtector: GUID?
    /// The nonce counter of the metadata that the plan was made for.
    let base: UInt32

    /// One copy to be written.
    public struct Write: Sendable {
        /// Which copy: 0, 1 or 2.
        public let copy: Int
        /// Where it goes, in bytes from the start of the volume.
        public let offset: UInt64
        /// All 64 KiB of its area: what was there before must not survive behind it.
        public let bytes: [UInt8]
    }

    /// Plans to write one area to the copies that need it.
    ///
    /// Damaged copies first, those that are as the plan's basis last: the last good copy is touched only when there is
    /// another one.
    init(area: [UInt8], over volume: VolumeMetadata, base: FVEMetadata, addedProtector: GUID?) {
        func rank(_ copy: VolumeMetadata.Copy) -> Int {
            guard let metadata = copy.metadata else { return 0 }
            return metadata.isIdentical(to: base) ? 2 : 1
        }
        let order = volume.copies.sorted { (rank($0), $0.index) < (rank($1), $1.index) }
        self.writes = order.compactMap { copy in
            base.copyOffsets.indices.contains(copy.index)
                ? Write(copy: copy.index, offset: base.copyOffsets[copy.index], bytes: area) : nil
        }
        self.addedProtector = addedProtector
        self.base = base.nextNonce
    }

    /// A plan of the same writes, less those to copies that need nothing.
    func only(_ copies: Set<Int>) -> MetadataRewrite {
        MetadataRewrite(writes: self.writes.filter { copies.contains($0.copy) }, base: self.base)
    }

    private init(writes: [Write], base: UInt32) {
        self.writes = writes
        self.addedProtector = nil
        self.base = base
    }
}
