import Crypto

/// The volume master key: opens everything that the metadata seals. Never leaves this library, and is wiped.
struct MasterKey: ~Copyable {
    let key: SecretBytes

    static let size = 32

    /// What trying to get at it gave.
    enum Unlocking: ~Copyable {
        /// The secret opened it.
        case unlocked(MasterKey)
        /// The secret does not open it.
        case refused
        /// It could not be tried.
        case obstacle(Proof.Obstacle)
    }

    /// How one copy of the metadata stands up to the key.
    enum Verdict {
        /// The key opens the volume's key, and the sealed hash is that of the copy.
        case intact
        /// It is not what the key sealed.
        case tampered
        /// It lacks what it takes to tell.
        case incomplete
    }

    /// Takes ownership of the 32 bytes.
    init(_ key: consuming SecretBytes) {
        self.key = key
    }

    /// Whether the key opens the volume's own key, the one that the sectors are encrypted with.
    func opensVolumeKey(of metadata: FVEMetadata) -> Verdict {
        guard let sealed = SealedKey(metadata.datums.first { $0.role == DatumRole.volumeKey && $0.kind == .sealed })
        else {
            return .incomplete
        }
        switch sealed.open(with: self.key) {
        case .refused: return .tampered
        case .notAKey: return .incomplete
        case .key(let opened):
            let size = EncryptionMethod(number: opened.type).keySize
            return size == nil || size == opened.bytes.count ? .intact : .incomplete
        }
    }

    /// Whether a copy is as it was sealed: checks the volume's key, and the hash over the copy.
    func verify(_ metadata: FVEMetadata) -> Verdict {
        let volumeKey = self.opensVolumeKey(of: metadata)
        guard volumeKey == .intact else { return volumeKey }
        let entries = try? Datum.list(in: metadata.validation.dropFirst(8))
        guard let sealed = SealedKey(entries?.first) else { return .incomplete }
        switch sealed.open(with: self.key) {
        case .refused: return .tampered
        case .notAKey: return .incomplete
        case .key(let opened):
            guard let hash = opened.bytes(type: KeyType.hash, size: SHA256.byteCount) else { return .incomplete }
            let actual = Array(SHA256.hash(data: Array(metadata.information)))
            return hash.withSpan { constantTimeEqual($0, actual.span) } ? .intact : .tampered
        }
    }
}

extension Datum {
    /// Tries a recovery password on this protector.
    func unlock(with password: borrowing RecoveryPassword) -> MasterKey.Unlocking {
        let stretches = self.nested(.stretchKey)
        guard let stretch = stretches.first, stretches.count == 1, let salt = stretch.bytes.part(at: 12, length: 16)
        else {
            return .obstacle(.incompleteMetadata)
        }
        guard !stretch.usesUnsupportedKeyDerivation,
            stretch.bytes.integer(at: 8) == KeyType.recoveryPasswordStretch
        else { return .obstacle(.unsupportedKeyDerivation) }
        guard let sealed = self.sealedMasterKey else { return .obstacle(.incompleteMetadata) }
        return Self.unlock(sealed, with: Stretch.key(of: password, salt: Array(salt)))
    }

    /// Tries the external key of a `.BEK` file on this protector.
    func unlock(with recoveryKey: borrowing RecoveryKey) -> MasterKey.Unlocking {
        guard let sealed = self.sealedMasterKey else { return .obstacle(.incompleteMetadata) }
        return Self.unlock(sealed, with: recoveryKey.storage)
    }

    /// The one sealed entry directly in a protector.
    var sealedMasterKey: SealedKey? {
        let sealed = self.nested(.sealed)
        return sealed.count == 1 ? SealedKey(sealed.first) : nil
    }

    static func unlock(_ sealed: SealedKey, with key: borrowing SecretBytes) -> MasterKey.Unlocking {
        switch sealed.open(with: key) {
        case .refused: return .refused
        case .notAKey: return .obstacle(.incompleteMetadata)
        case .key(let opened):
            guard let bytes = opened.bytes(type: KeyType.masterKey, size: MasterKey.size) else {
                return .obstacle(.incompleteMetadata)
            }
            return .unlocked(MasterKey(bytes))
        }
    }
}
