import BitLocker
import EscrowModel
import FoundationEssentials

/// What `volume inspect` says of a volume.
struct VolumeDescription: Encodable {
    /// A key protector.
    struct Protector: Encodable {
        /// The key protector ID.
        let id: GUID
        /// What unlocks it.
        let kind: String
        /// What it was called.
        let name: String?
        /// When it was last changed.
        let modified: Timestamp
        /// Whether its key is derived in a way that cannot be followed here.
        let usesUnsupportedKeyDerivation: Bool
    }

    /// One of the three copies of the metadata.
    struct Copy: Encodable {
        /// Which one, 0 to 2.
        let index: Int
        /// Where it is.
        let offset: UInt64?
        /// Whether it can be used.
        let isValid: Bool
        /// Why not.
        let problem: String?
        /// Grows with each change: copies that differ in it show a change that was not finished.
        let nextNonce: UInt32?

        /// Describes a copy.
        init(_ copy: VolumeMetadata.Copy) {
            self.index = copy.index
            self.offset = copy.offset
            switch copy.content {
            case .success(let metadata):
                self.isValid = true
                self.problem = nil
                self.nextNonce = metadata.nextNonce
            case .failure(let problem):
                self.isValid = false
                self.problem = "\(problem)"
                self.nextNonce = nil
            }
        }
    }

    /// The volume ID.
    let volumeId: GUID?
    /// What wrote it.
    let kind: String
    /// How it is encrypted.
    let encryptionMethod: String?
    /// What Windows noted when it was protected.
    let description: String?
    /// What should be known about it.
    let conditions: [String]
    /// The three copies of the metadata.
    let copies: [Copy]
    /// The key protectors of the newest copy.
    let protectors: [Protector]

    /// Describes a volume.
    init(_ volume: VolumeMetadata) {
        let newest = volume.newest
        self.volumeId = newest?.volumeID
        self.kind = volume.header.kind.rawValue
        self.encryptionMethod = newest.map { "\($0.encryptionMethod)" }
        self.description = newest?.description
        self.conditions = volume.conditions.map(\.rawValue).sorted()
        self.copies = volume.copies.map(Copy.init)
        self.protectors = (newest?.protectors ?? []).map { protector in
            Protector(
                id: protector.id,
                kind: "\(protector.kind)",
                name: protector.name,
                modified: Timestamp(protector.modified),
                usesUnsupportedKeyDerivation: protector.usesUnsupportedKeyDerivation
            )
        }
    }
}

extension Timestamp {
    /// The same moment, in whole milliseconds; the earliest there is for dates before 1970.
    init(_ time: FileTime) {
        // A kernel driver sets the top bit of the times in nonces; a protector's date does not have it.
        self.init(milliseconds: Int64(max(0, time.date.timeIntervalSince1970 * 1000)))
    }
}
