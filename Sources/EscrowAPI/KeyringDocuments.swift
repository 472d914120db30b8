package import BitLocker
package import EscrowModel

/// Answer of `/api/keyring`: the keyring without its keys, and how much depends on each.
package struct KeyringAnswer: Codable, Equatable, Sendable {
    /// One key pair.
    package struct Version: Codable, Equatable, Sendable {
        /// Its number.
        package var number: Int
        /// `pending`, `active`, `openOnly` or `destroyed`.
        package var state: String
        /// `P-256` or `X-Wing`.
        package var suite: String
        /// When it was made.
        package var createdAt: Timestamp
        /// How many secrets in escrow are sealed to it.
        package var secrets: Int
        /// Whether it still opens what was sealed to it; absent for one that is destroyed.
        package var opens: Bool?

        /// Makes a version from its parts.
        package init(
            number: Int,
            state: String,
            suite: String,
            createdAt: Timestamp,
            secrets: Int,
            opens: Bool?
        ) {
            self.number = number
            self.state = state
            self.suite = suite
            self.createdAt = createdAt
            self.secrets = secrets
            self.opens = opens
        }
    }

    /// An offline recovery key.
    package struct RecoveryKey: Codable, Equatable, Sendable {
        /// Its name in sealed records, 16 hexadecimal digits.
        package var id: String
        /// `P-256` or `X-Wing`.
        package var suite: String
        /// When it was added.
        package var addedAt: Timestamp

        /// Makes a key from its parts.
        package init(id: String, suite: String, addedAt: Timestamp) {
            self.id = id
            self.suite = suite
            self.addedAt = addedAt
        }
    }

    /// Which keyring it is.
    package var id: GUID
    /// Grows with each change.
    package var generation: Int
    /// Grows each time secrets are sealed to other keys than before.
    package var sealEpoch: Int
    /// The master key that wraps it.
    package var masterKey: String
    /// The key pairs, by number.
    package var versions: [Version]
    /// The offline recovery keys.
    package var recoveryKeys: [RecoveryKey]
    /// How many secrets are sealed to other keys than new ones are.
    package var toRewrap: Int
    /// The last time that everything was sealed anew; absent when it never was.
    package var rewrap: RewrapAnswer?

    /// Makes an answer from its parts.
    package init(
        id: GUID,
        generation: Int,
        sealEpoch: Int,
        masterKey: String,
        versions: [Version],
        recoveryKeys: [RecoveryKey],
        toRewrap: Int,
        rewrap: RewrapAnswer?
    ) {
        self.id = id
        self.generation = generation
        self.sealEpoch = sealEpoch
        self.masterKey = masterKey
        self.versions = versions
        self.recoveryKeys = recoveryKeys
        self.toRewrap = toRewrap
        self.rewrap = rewrap
    }
}

/// Answer of `POST /api/keyring/rewrap`: how far sealing everything anew has come.
package struct RewrapAnswer: Codable, Equatable, Sendable {
    /// The seal epoch that secrets are brought to.
    package var sealEpoch: Int
    /// How many there were to be sealed anew.
    package var total: Int
    /// How many were.
    package var rewrapped: Int
    /// How many do not open, and were left.
    package var failed: Int
    /// When it began.
    package var startedAt: Timestamp
    /// When it ended; absent while it goes on.
    package var finishedAt: Timestamp?

    /// Makes an answer from its parts.
    package init(
        sealEpoch: Int,
        total: Int,
        rewrapped: Int,
        failed: Int,
        startedAt: Timestamp,
        finishedAt: Timestamp?
    ) {
        self.sealEpoch = sealEpoch
        self.total = total
        self.rewrapped = rewrapped
        self.failed = failed
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}

/// Body of `POST /api/keyring/rotate`.
package struct RotateKeyringRequest: Codable, Equatable, Sendable {
    /// `P-256` or `X-Wing`; the active version's when absent.
    package var suite: String?

    /// Makes a request.
    package init(suite: String? = nil) { self.suite = suite }
}

/// Body of `POST /api/keyring/recovery-keys`.
package struct AddRecoveryKeyRequest: Codable, Equatable, Sendable {
    /// The public half, as `sparekey recovery-key create` prints it.
    package var publicKey: String

    /// Makes a request.
    package init(publicKey: String) { self.publicKey = publicKey }
}

/// Answer of `POST /api/keyring/ingest-export`.
package struct IngestExportAnswer: Codable, Sendable {
    /// The text of the file for servers that only take deposits. It is secret.
    package var file: String

    /// Makes an answer.
    package init(file: String) { self.file = file }
}
