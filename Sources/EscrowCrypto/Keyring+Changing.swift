package import EscrowModel
import Crypto

/// Each change makes the next generation of the document; none needs the master key but changing that.
extension Keyring {
    /// Adds a version that nothing is sealed to yet, and gives its number.
    package mutating func addVersion(suite: SealSuite, at now: Timestamp) throws(KeyringError) -> Int {
        let number = (self.document.versions.last?.number ?? 0) + 1
        try self.append(version: number, suite: suite, state: .pending, at: now)
        try self.finishChange()
        return number
    }

    /// Makes a pending version the one that is sealed to; the one before it opens only from then on.
    package mutating func activate(_ number: Int) throws(KeyringError) {
        let index = try self.index(of: number, toBecome: .active)
        for other in self.document.versions.indices where self.document.versions[other].state == .active {
            self.document.versions[other].state = .openOnly
        }
        self.document.sealEpoch += 1
        self.document.versions[index].state = .active
        self.document.versions[index].sealsFrom = self.document.sealEpoch
        try self.finishChange()
    }

    /// Has everything sealed to an offline recovery key as well, from now on; what is sealed already, once it is rewrapped.
    package mutating func addRecoveryRecipient(_ recipient: Recipient, at now: Timestamp) throws(KeyringError) {
        let count = self.document.recoveryRecipients.count
        guard count < KeyringDocument.mostRecoveryRecipients else { throw .tooManyRecoveryRecipients }
        guard !self.document.versions.contains(where: { $0.recipient.id == recipient.id }),
            !self.document.recoveryRecipients.contains(where: { $0.recipient.id == recipient.id })
        else { throw .recoveryRecipientIsThere(recipient.id) }
        self.document.recoveryRecipients.append(RecoveryRecipient(recipient: recipient, addedAt: now))
        self.document.sealEpoch += 1
        try self.finishChange()
    }

    /// Seals nothing more to an offline recovery key; what is sealed to it already still is, until it is rewrapped.
    package mutating func removeRecoveryRecipient(_ id: RecipientID) throws(KeyringError) {
        guard let index = self.document.recoveryRecipients.firstIndex(where: { $0.recipient.id == id }) else {
            throw .noSuchRecoveryRecipient(id)
        }
        self.document.recoveryRecipients.remove(at: index)
        self.document.sealEpoch += 1
        try self.finishChange()
    }

    /// Destroys the private half of a version that nothing is sealed to any more; what still is, is lost for ever.
    package mutating func destroy(_ number: Int) throws(KeyringError) {
        let index = try self.index(of: number, toBecome: .destroyed)
        self.document.versions[index].state = .destroyed
        self.document.versions[index].wrappedPrivateKey = nil
        self.keys[number] = nil
        try self.finishChange()
    }

    /// Wraps everything anew: under a new root key, and that under another master key.
    package mutating func changeMasterKey(to provider: any MasterKeyProvider) async throws(KeyringError) {
        let root = SymmetricKey(size: .bits256)
        var document = self.document
        document.masterKey = provider.id
        document.wrappedRootKey = try await Self.wrap(root, of: document.id, under: provider)
        document.wrappedFingerprintKey = try Self.wrap(
            self.fingerprintKey,
            as: .fingerprintKey,
            of: document.id,
            under: root
        )
        document.wrappedAuditLogSeed = try Self.wrap(self.auditLogSeed, as: .auditLogSeed, of: document.id, under: root)
        for index in document.versions.indices {
            let number = document.versions[index].number
            guard let key = self.keys[number] else { continue }
            document.versions[index].wrappedPrivateKey = try Self.wrap(
                key.rawRepresentation,
                as: .privateKey(number),
                of: document.id,
                under: root
            )
        }
        self.document = document
        self.root = root
        try self.finishChange()
    }

    /// Makes the document the next generation's.
    mutating func finishChange() throws(KeyringError) {
        self.document.generation += 1
        try self.document.authenticate(under: self.root, signingWith: self.auditLogSeed)
    }

    /// Makes a key pair and puts it at the end.
    mutating func append(
        version number: Int,
        suite: SealSuite,
        state: KeyringVersion.State,
        at now: Timestamp
    ) throws(KeyringError) {
        let id = self.document.id
        let key: RecipientPrivateKey
        let canary: [UInt8]
        do throws(SealError) {
            key = try RecipientPrivateKey.generate(suite)
            canary = try Canary.seal(to: key.recipient, keyring: id, version: number)
        } catch {
            throw .sealing(error)
        }
        let wrapped = try Self.wrap(key.rawRepresentation, as: .privateKey(number), of: id, under: self.root)
        self.document.versions.append(
            KeyringVersion(
                number: number,
                state: state,
                sealsFrom: state == .active ? self.document.sealEpoch : nil,
                recipient: key.recipient,
                createdAt: now,
                canary: canary,
                wrappedPrivateKey: wrapped
            )
        )
        self.keys[number] = key
    }

    private func index(of number: Int, toBecome state: KeyringVersion.State) throws(KeyringError) -> Int {
        guard let index = self.document.versions.firstIndex(where: { $0.number == number }) else {
            throw .noSuchVersion(number)
        }
        let current = self.document.versions[index].state
        guard current.canBecome(state) else { throw .wrongState(version: number, state: current, wanted: state) }
        return index
    }
}
