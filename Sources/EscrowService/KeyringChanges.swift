import EscrowCrypto
package import EscrowModel
import EscrowPolicy
import EscrowStore

/// Changes of the keyring. Each is proposed by whoever holds the keys, stored together with its record, and then adopted:
/// whenever this is interrupted, the stored keyring is the one before or the one after.
extension EscrowService {
    /// Makes a new key pair, of the active one's suite when none is named, and seals to it from now on. What is sealed
    /// already opens as before.
    package func rotateKeyring(suite name: String?, by caller: Caller) async throws(EscrowError) -> KeyringStatus {
        let permit = try await self.permitOfTheKeyring(caller)
        var suite = self.keys.document.active.recipient.suite
        if let name {
            guard let named = SealSuite.allCases.first(where: { $0.name == name || "\($0)" == name }) else {
                let names = SealSuite.allCases.map(\.name).joined(separator: " or ")
                throw .invalid(field: "suite", problem: "must be \(names)")
            }
            suite = named
        }
        try await self.change([.addVersion(suite), .activate(nil)], .keyringRotated, permit)
        return try await self.keyringStatus()
    }

    /// Destroys the private half of a key pair that no secret in escrow needs.
    package func destroyKeyringVersion(_ number: Int, by caller: Caller) async throws(EscrowError) -> KeyringStatus {
        let permit = try await self.permitOfTheKeyring(caller)
        let document = self.keys.document
        guard let version = document.versions.first(where: { $0.number == number }) else { throw .notFound }
        guard version.state != .active else {
            throw .conflict(
                code: "versionActive",
                problem: "Version \(number) is what new secrets are sealed to. Rotate the keyring first."
            )
        }
        guard version.state != .destroyed else { return try await self.keyringStatus() }
        let epochs = document.sealEpochs(of: version)
        try await self.change([.destroy(number)], .keyringVersionDestroyed, permit) { (reader) throws(StoreError) in
            let count = try reader.sealedCount(ofEpochs: epochs)
            guard count > 0 else { return nil }
            return .conflict(
                code: "versionInUse",
                problem:
                    "\(count) secrets are sealed to version \(number). Seal them anew first: sparekey keyring rewrap"
            )
        }
        return try await self.keyringStatus()
    }

    /// Has everything sealed to an offline key as well: what is deposited from now on, and the rest once it is rewrapped.
    package func addRecoveryKey(_ text: String, by caller: Caller) async throws(EscrowError) -> KeyringStatus {
        let permit = try await self.permitOfTheKeyring(caller)
        let recipient: Recipient
        do throws(RecoveryKeyProblem) { recipient = try RecoveryKeyText.readPublic(text) } catch {
            throw .invalid(field: "publicKey", problem: "cannot be used: \(error)")
        }
        let change = KeyringChange.addRecoveryRecipient(recipient.suite, publicKey: recipient.publicKey)
        try await self.change([change], .keyringRecoveryKeyAdded, permit)
        return try await self.keyringStatus()
    }

    /// Seals nothing more to an offline key; what is sealed already still opens with it, until it is rewrapped.
    package func removeRecoveryKey(_ id: String, by caller: Caller) async throws(EscrowError) -> KeyringStatus {
        let permit = try await self.permitOfTheKeyring(caller)
        let keys = self.keys.document.recoveryRecipients
        guard let key = keys.first(where: { $0.recipient.id.description == id })?.recipient else { throw .notFound }
        try await self.change([.removeRecoveryRecipient(key.id.value)], .keyringRecoveryKeyRemoved, permit)
        return try await self.keyringStatus()
    }

    /// What a server needs that only takes deposits, as the bytes of its file. They are secret, though they open nothing.
    package func exportIngestKeys(by caller: Caller) async throws(EscrowError) -> [UInt8] {
        let permit = try await self.permitOfTheKeyring(caller)
        if self.keys.document.format == 1 {
            // The first format is not signed, and a server without the root key could not believe it.
            try await self.change([.renew], .keyringIngestExported, permit)
        } else {
            try await self.operation { (_) throws(StoreError) -> Outcome<Void> in
                .done((), [permit.event(.keyringIngestExported)])
            }
        }
        return IngestKeys(self.keys.serverKeys).json
    }

    /// Takes over a keyring that another server changed and stored.
    func followKeyring() async throws(EscrowError) {
        let stored = try await self.snapshot { (reader) throws(StoreError) in try reader.keyringDocument()?.bytes }
        guard let stored else { throw .unavailable(retryAfterSeconds: 5) }
        do throws(KeyringError) { try self.keys.follow(KeyringDocument(json: stored)) } catch {
            throw .unavailable(retryAfterSeconds: 60)
        }
    }

    func permitOfTheKeyring(_ caller: Caller) async throws(EscrowError) -> Permit {
        let permit = try await self.require(.manageKeyring, by: caller, on: .installation)
        guard !self.keys.isIngest else { throw .ingestOnly }
        return permit
    }

    /// Changes the keyring, unless something in the same transaction speaks against it.
    private func change(
        _ changes: [KeyringChange],
        _ kind: AuditEvent.Kind,
        _ permit: Permit,
        unless refusal: @Sendable @escaping (Reader) throws(StoreError) -> EscrowError? = { _ in nil }
    ) async throws(EscrowError) {
        try await self.keys.turn.take { () async throws(EscrowError) in
            let before = self.keys.document.json
            let proposal: KeyringProposal
            let document: KeyringDocument
            do {
                if let error = try await self.snapshot({ (reader) throws(StoreError) in try refusal(reader) }) {
                    throw error
                }
                proposal = try await self.keys.holder.propose(changes, at: permit.now)
                document = try KeyringDocument(json: proposal.document)
            } catch {
                throw EscrowError(changing: error)
            }
            let stored = try await self.recorded { (transaction) throws(StoreError) -> Outcome<Void> in
                if let error = try refusal(transaction) { return .refused(error) }
                guard let row = try transaction.keyringDocument(), row.bytes == before,
                    try transaction.setKeyringDocument(
                        proposal.document,
                        sealEpoch: document.sealEpoch,
                        replacing: row.generation
                    )
                else { return .refused(.keyringChanged, [permit.event(kind, .failure, detail: "keyringChanged")]) }
                return .done((), [permit.event(kind, detail: proposal.detail)])
            }
            guard let evidence = stored.entries.first.flatMap({ LogEvidence($0) }) else {
                throw .unavailable(retryAfterSeconds: 5)
            }
            // The change is stored by now: when the holder cannot take it over, it will be read at the next start.
            do throws(KeyHolderError) { try await self.keys.adopt(proposal, evidence: evidence) } catch {
                throw .unavailable(retryAfterSeconds: 5)
            }
        }
    }
}

extension EscrowError {
    static let keyringChanged = EscrowError.conflict(
        code: "keyring-changed",
        problem: "The stored keyring is not the one that the server works with. Start it again."
    )

    /// Why the keyring was not changed, for an operator on the server's own console.
    fileprivate init(changing error: any Error) {
        switch error {
        case let error as EscrowError: self = error
        case let error as KeyringError: self = .conflict(code: "keyringNotChanged", problem: error.description)
        case KeyHolderError.unavailable, KeyHolderError.tooMuch: self = .unavailable(retryAfterSeconds: 5)
        case let error as KeyHolderError: self = .conflict(code: "keyringNotChanged", problem: error.description)
        default: self = .unavailable(retryAfterSeconds: 5)
        }
    }
}
