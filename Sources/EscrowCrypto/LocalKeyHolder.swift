package import BitLocker
import Dispatch
package import EscrowModel
import Synchronization

/// Holds the keys in this process: for commands on a server that is stopped, for tests, and within the opener process.
///
/// It asks for no evidence: whoever can call it could read the keys as well.
package final class LocalKeyHolder: KeyHolder {
    private struct State: Sendable {
        var keyring: Keyring
        var opener: Opener
        var proposed: (keyring: Keyring, masterKey: MasterKeyReference)?

        init(_ keyring: Keyring) {
            self.keyring = keyring
            self.opener = keyring.opener
        }
    }

    private let state: Mutex<State>
    private let masterKey: Mutex<MasterKeyReference>
    private let resolver: MasterKeyResolver
    private let proofs = DispatchQueue(label: "sparekey.holder.proofs", qos: .utility)

    /// Takes an open keyring.
    ///
    /// - Parameters:
    ///   - keyring: the keyring.
    ///   - masterKey: where its master key is.
    ///   - resolver: makes providers.
    package init(
        _ keyring: Keyring,
        masterKey: MasterKeyReference = MasterKeyReference([:]),
        resolver: @escaping MasterKeyResolver = { _, _, _ in throw MasterKeyError.badLength }
    ) {
        self.state = Mutex(State(keyring))
        self.masterKey = Mutex(masterKey)
        self.resolver = resolver
    }

    /// Opens a stored keyring, or makes one where there is none yet. Throws what is wrong with the master key or the
    /// keyring in its own words.
    ///
    /// - Parameters:
    ///   - document: the stored document; nil for a new installation.
    ///   - masterKey: where its master key is.
    ///   - resolver: makes providers.
    ///   - suite: the algorithms of a new keyring.
    ///   - now: the time to note in a new keyring.
    ///   - notice: told what people must know, such as that a master key was made.
    package static func start(
        document: [UInt8]?,
        masterKey: MasterKeyReference,
        resolver: @escaping MasterKeyResolver,
        suite: SealSuite = .p256,
        at now: Timestamp,
        notice: (String) -> Void
    ) async throws -> LocalKeyHolder {
        let provider = try await resolver(masterKey, document == nil, notice)
        let keyring =
            if let document { try await Keyring(KeyringDocument(json: document), under: provider) } else {
                try await Keyring.create(under: provider, suite: suite, at: now)
            }
        return LocalKeyHolder(keyring, masterKey: masterKey, resolver: resolver)
    }

    /// What a server may have of the keyring.
    package var serverKeys: ServerKeys { self.state.withLock { $0.keyring.serverKeys } }

    package func obstacle() -> KeyHolderError? { nil }

    package func open(_ sealed: SealedSecret, evidence: LogEvidence) async throws(KeyHolderError) -> SecretBytes {
        try self.open(sealed)
    }

    /// Opens a secret at once: who asks has seen to the evidence.
    package func open(_ sealed: SealedSecret) throws(KeyHolderError) -> SecretBytes {
        let opener = self.state.withLock { $0.opener }
        do throws(SealError) {
            return try opener.open(sealed.bytes, context: sealed.context)
        } catch {
            throw .seal(error)
        }
    }

    package func prove(_ sealed: SealedSecret, by metadata: [UInt8]) async throws(KeyHolderError) -> Proof {
        let result: Result<Proof, KeyHolderError> = await withCheckedContinuation { continuation in
            self.proofs.async { continuation.resume(returning: self.proof(of: sealed, by: metadata)) }
        }
        return try result.get()
    }

    private func proof(of sealed: SealedSecret, by metadata: [UInt8]) -> Result<Proof, KeyHolderError> {
        guard let upload = try? MetadataUpload(parsing: metadata) else {
            return .success(.notProvable(.noValidMetadata))
        }
        guard let kind = sealed.context.secretKind else { return .failure(.notASecret) }
        do throws(KeyHolderError) {
            let opened = try self.open(sealed)
            switch opened.withUnsafeBytes({ RecoverySecret(kind, bytes: $0) }) {
            case .recoveryPassword(let password):
                return .success(upload.prove(recoveryPassword: password, protector: sealed.context.protector))
            case .recoveryKey(let key): return .success(upload.prove(recoveryKey: key))
            case nil: return .failure(.notASecret)
            }
        } catch {
            return .failure(error)
        }
    }

    package func rewrap(_ batch: [SealedSecret]) async throws(KeyHolderError) -> [Result<[UInt8], SealError>] {
        guard batch.count <= KeyHolding.largestBatch else {
            throw .tooMuch("At most \(KeyHolding.largestBatch) records are sealed anew at once.")
        }
        let (opener, keyring) = self.state.withLock { ($0.opener, $0.keyring) }
        let sealer: Sealer
        do throws(SealError) { sealer = try keyring.sealer() } catch { throw .seal(error) }
        return batch.map { sealed in
            do throws(SealError) {
                return .success(try opener.rewrap(sealed.bytes, context: sealed.context, for: sealer))
            } catch {
                return .failure(error)
            }
        }
    }

    package func propose(
        _ changes: [KeyringChange],
        at now: Timestamp,
        evidence: LogEvidence?
    ) async throws(KeyHolderError) -> KeyringProposal {
        var keyring = self.state.withLock { $0.keyring }
        var masterKey = self.masterKey.withLock { $0 }
        var words: [String] = []
        for change in changes {
            do throws(KeyringError) {
                if case .changeMasterKey(let reference) = change {
                    let before = keyring.document.masterKey
                    try await keyring.changeMasterKey(to: try await self.provider(reference, mayCreate: true))
                    masterKey = reference
                    words.append("master key \(before) changed to \(keyring.document.masterKey)")
                } else if let made = try keyring.apply(change, at: now) {
                    words.append(made)
                }
            } catch {
                throw KeyHolderError(error)
            }
        }
        let document = keyring.document.json
        self.state.withLock { $0.proposed = (keyring, masterKey) }
        return KeyringProposal(
            document: document,
            detail: "generation \(keyring.document.generation): " + words.joined(separator: ", ")
        )
    }

    package func adopt(_ document: [UInt8], evidence: LogEvidence) async throws(KeyHolderError) {
        let masterKey = self.state.withLock { state -> MasterKeyReference? in
            guard let proposed = state.proposed, proposed.keyring.document.json == document else { return nil }
            state = State(proposed.keyring)
            return proposed.masterKey
        }
        guard let masterKey else { throw .refused("this keyring was not the last that was proposed") }
        self.masterKey.withLock { $0 = masterKey }
    }

    package func failedCanaries() async throws(KeyHolderError) -> [CanaryFailure] {
        self.state.withLock { $0.keyring }.failedCanaries()
    }

    package func check(_ document: [UInt8]) async throws(KeyHolderError) -> [CanaryFailure] {
        do throws(KeyringError) {
            let provider = try await self.provider(self.masterKey.withLock { $0 })
            return try await Keyring(KeyringDocument(json: document), under: provider).failedCanaries()
        } catch {
            throw KeyHolderError(error)
        }
    }

    /// The provider of a master key, which must be there unless one may be made.
    private func provider(
        _ reference: MasterKeyReference,
        mayCreate: Bool = false
    ) async throws(KeyringError) -> any MasterKeyProvider {
        do {
            return try await self.resolver(reference, mayCreate) { _ in }
        } catch let error as MasterKeyError {
            throw .masterKey(error)
        } catch {
            throw .masterKey(.unavailable(whereabouts: "The master key", reason: "\(error)"))
        }
    }
}
