/// Something about a volume that whoever relies on its protection should know.
public enum VolumeCondition: String, Hashable, Sendable, CaseIterable {
    /// Protection is suspended: a clear key is on the volume, and anybody can open it.
    case suspended
    /// Only what is written is encrypted, not what was on the disk before.
    case usedSpaceOnly
    /// Encryption or decryption has not come to its end.
    case partlyEncrypted
    /// The volume is not encrypted at all.
    case notEncrypted
    /// Valid copies of the metadata differ: a rotation was begun and not finished.
    case copiesDiffer
    /// At least one copy of the metadata is not valid.
    case copiesDamaged
    /// A key protector derives its key in a way that this library cannot follow.
    case unsupportedKeyDerivation
}

extension VolumeMetadata {
    /// What should be known about the volume, by its valid copies.
    public var conditions: Set<VolumeCondition> {
        let valid = self.validCopies
        var conditions = valid.reduce(into: Set<VolumeCondition>()) { $0.formUnion($1.conditions) }
        if self.header.isEncryptOnWrite { conditions.insert(.usedSpaceOnly) }
        if valid.count < 3 { conditions.insert(.copiesDamaged) }
        if let first = valid.first, !valid.allSatisfy({ $0.isIdentical(to: first) }) {
            conditions.insert(.copiesDiffer)
        }
        return conditions
    }
}

extension FVEMetadata {
    /// What should be known about the volume, by this copy alone.
    var conditions: Set<VolumeCondition> {
        var conditions: Set<VolumeCondition> = []
        if self.protectors.contains(where: { $0.kind == .clearKey }) { conditions.insert(.suspended) }
        switch self.conversionState {
        case .decrypted: conditions.insert(.notEncrypted)
        case .encrypted: break
        case .converting, .paused, .unknown: conditions.insert(.partlyEncrypted)
        }
        if self.protectors.contains(where: \.usesUnsupportedKeyDerivation) {
            conditions.insert(.unsupportedKeyDerivation)
        }
        return conditions
    }
}
