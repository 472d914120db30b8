import BitLocker
import EscrowModel

/// A proof as it is kept with a key: a state, and one word why where it is not proven.
struct ProofAnswer: Equatable, Sendable {
    /// The word for a proof that is put off until somebody has the time or the key for it.
    static let later = "provenLater"

    let state: EscrowedKey.ProofState
    let reason: String?

    /// Whether it was put off, and is to be made by the metadata that is kept.
    var isPutOff: Bool { self.state == .unproven && self.reason == Self.later }

    init(_ state: EscrowedKey.ProofState, _ reason: String?) {
        self.state = state
        self.reason = reason
    }

    init(_ answer: Prover.Answer) {
        switch answer {
        case .busy: self.init(.unproven, "proverBusy")
        case .proof(.proven): self.init(.proven, nil)
        case .proof(.refuted(let refutation)): self.init(.refuted, Self.word(for: refutation))
        case .proof(.notProvable(let obstacle)): self.init(.unproven, Self.word(for: obstacle))
        }
    }

    /// Metadata older than what this volume was seen with proves nothing: an old copy "proves" a password that was removed.
    func fresh(for volume: Volume, by upload: MetadataUpload?) -> ProofAnswer {
        guard self.state == .proven, let upload, upload.nextNonce < volume.highestNonce else { return self }
        return ProofAnswer(.unproven, "staleMetadata")
    }

    private static func word(for refutation: Proof.Refutation) -> String {
        switch refutation {
        case .wrongSecret: "wrongSecret"
        case .protectorNotOnVolume: "protectorNotOnVolume"
        case .otherVolume: "otherVolume"
        case .metadataTampered: "metadataTampered"
        }
    }

    private static func word(for obstacle: Proof.Obstacle) -> String {
        switch obstacle {
        case .noValidMetadata: "noValidMetadata"
        case .copiesDiffer: "copiesDiffer"
        case .notEncrypted: "notEncrypted"
        case .wrongKind: "wrongKind"
        case .unsupportedKeyDerivation: "unsupportedKeyDerivation"
        case .stripped: "strippedMetadata"
        case .incompleteMetadata: "incompleteMetadata"
        }
    }
}
