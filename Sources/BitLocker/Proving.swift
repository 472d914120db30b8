/// What trying a recovery password on every protector gave.
public struct ProofSearch: Hashable, Sendable {
    /// The protector that it belongs to, or the one that `proof` is about; nil when there was none to try.
    public internal(set) var protector: GUID?
    /// The answer for that protector.
    public internal(set) var proof: Proof
}

extension VolumeMetadata {
    private var prover: Prover {
        Prover(copies: self.copies.compactMap { copy in copy.metadata.map { (copy.index, $0) } }, isStripped: false)
    }

    /// Whether a recovery password opens the volume by one protector, in every valid copy of the metadata.
    ///
    /// Takes a tenth of a second for every different valid copy (one, as a rule): not for an event loop.
    public func prove(recoveryPassword: borrowing RecoveryPassword, protector: GUID) -> Proof {
        self.prover.prove(recoveryPassword: recoveryPassword, protector: protector)
    }

    /// Whether a recovery password opens the volume by any protector, and by which.
    ///
    /// For when nobody knows which protector it belongs to; takes a tenth of a second for every one that is tried.
    public func prove(recoveryPassword: borrowing RecoveryPassword) -> ProofSearch {
        self.prover.search(recoveryPassword: recoveryPassword)
    }

    /// Whether a recovery key opens the volume by its protector, in every valid copy of the metadata.
    public func prove(recoveryKey: borrowing RecoveryKey) -> Proof {
        self.prover.prove(recoveryKey: recoveryKey)
    }
}

extension MetadataUpload {
    private var prover: Prover { Prover(copies: [(0, self.metadata)], isStripped: self.isStripped) }

    /// Whether a recovery password opens the volume by one protector, as far as one copy of the metadata tells.
    ///
    /// Takes a tenth of a second of one core: not for an event loop.
    public func prove(recoveryPassword: borrowing RecoveryPassword, protector: GUID) -> Proof {
        self.prover.prove(recoveryPassword: recoveryPassword, protector: protector)
    }

    /// Whether a recovery password opens the volume by any protector, and by which.
    ///
    /// For when nobody knows which protector it belongs to; takes a tenth of a second for every one that is tried.
    public func prove(recoveryPassword: borrowing RecoveryPassword) -> ProofSearch {
        self.prover.search(recoveryPassword: recoveryPassword)
    }

    /// Whether a recovery key opens the volume by its protector, as far as one copy of the metadata tells.
    public func prove(recoveryKey: borrowing RecoveryKey) -> Proof {
        self.prover.prove(recoveryKey: recoveryKey)
    }
}
