/// Whether a secret opens a volume, by the volume's own metadata.
public enum Proof: Hashable, Sendable {
    /// The secret opened the volume master key, that opened the volume's key, and the sealed hash matches the metadata.
    case proven
    /// The secret does not open the volume by this protector.
    case refuted(Refutation)
    /// It could not be decided.
    case notProvable(Obstacle)

    /// Why a secret does not open a volume.
    public enum Refutation: Hashable, Sendable {
        /// The protector is there, and the secret is not its secret.
        case wrongSecret
        /// No valid copy of the metadata has this protector: it was removed, or belongs to another volume.
        case protectorNotOnVolume
        /// The recovery key names another volume than this.
        case otherVolume
        /// The secret opens the volume master key, but these copies (0 to 2) are not what it sealed.
        case metadataTampered(copies: [Int])
    }

    /// Why it could not be decided.
    public enum Obstacle: Hashable, Sendable {
        /// There is no valid copy of the metadata to prove against.
        case noValidMetadata
        /// Some valid copies have the protector and some do not: a rotation was begun and not finished.
        case copiesDiffer
        /// The volume is not encrypted.
        case notEncrypted
        /// The protector is of a kind that this sort of secret does not belong to.
        case wrongKind(KeyProtector.Kind)
        /// The protector derives its key in a way that this library cannot follow.
        case unsupportedKeyDerivation
        /// The secret opens the volume master key, but the hash covers key material that was stripped before storage.
        case stripped
        /// The metadata lacks something that a proof needs, or has it in a form that Windows does not write.
        case incompleteMetadata
    }
}

extension Proof: CustomStringConvertible {
    /// The answer in a sentence.
    public var description: String {
        switch self {
        case .proven: "proven: the secret opens the volume"
        case .refuted(let refutation): "refuted: \(refutation)"
        case .notProvable(let obstacle): "not provable: \(obstacle)"
        }
    }
}

extension Proof.Refutation: CustomStringConvertible {
    /// The reason in a sentence.
    public var description: String {
        switch self {
        case .wrongSecret: "the secret is not that of the key protector"
        case .protectorNotOnVolume: "the key protector is not on the volume"
        case .otherVolume: "the recovery key belongs to another volume"
        case .metadataTampered(let copies):
            "the metadata is not what the volume master key sealed (copies \(copies.map(String.init).joined(separator: ", ")))"
        }
    }
}

extension Proof.Obstacle: CustomStringConvertible {
    /// The reason in a sentence.
    public var description: String {
        switch self {
        case .noValidMetadata: "no copy of the metadata is valid"
        case .copiesDiffer: "only some copies of the metadata have the key protector: a rotation is not finished"
        case .notEncrypted: "the volume is not encrypted"
        case .wrongKind(let kind): "the key protector is of another kind: \(kind)"
        case .unsupportedKeyDerivation: "the key protector derives its key in a way that is not supported"
        case .stripped: "the secret opens the volume master key, but stripped metadata cannot be checked for tampering"
        case .incompleteMetadata: "the metadata lacks what a proof needs"
        }
    }
}
