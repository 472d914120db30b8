import EscrowCrypto
import EscrowPolicy
package import BitLocker
package import EscrowModel
package import EscrowStore

/// The keyring as people see it: no key, only what there is of each and how much depends on it.
package struct KeyringStatus: Sendable {
    /// One key pair.
    package struct Version: Sendable {
        /// Its number.
        package let number: Int
        /// `pending`, `active`, `openOnly` or `destroyed`.
        package let state: String
        /// `P-256` or `X-Wing`.
        package let suite: String
        /// When it was made.
        package let createdAt: Timestamp
        /// How many secrets in escrow are sealed to it.
        package let secrets: Int
        /// Whether it still opens what was sealed to it; nil for one that is destroyed, and where nobody can say.
        package let opens: Bool?
    }

    /// An offline key that everything is sealed to as well.
    package struct RecoveryKey: Sendable {
        /// Its name in sealed records.
        package let id: String
        /// `P-256` or `X-Wing`.
        package let suite: String
        /// When it was added.
        package let addedAt: Timestamp
    }

    /// Which keyring it is.
    package let id: GUID
    /// Grows with each change.
    package let generation: Int
    /// Grows each time secrets are sealed to other keys than before.
    package let sealEpoch: Int
    /// The master key that wraps it.
    package let masterKey: String
    /// The key pairs, by number.
    package let versions: [Version]
    /// The offline keys.
    package let recoveryKeys: [RecoveryKey]
    /// How many secrets are sealed to other keys than new ones are.
    package let toRewrap: Int
    /// The last time that everything was sealed anew.
    package let rewrap: KeyringRewrap?
}

extension EscrowService {
    /// The keyring, and how much depends on each key.
    package func keyring(by caller: Caller) async throws(EscrowError) -> KeyringStatus {
        try await self.require(.manageKeyring, by: caller, on: .installation)
        return try await self.keyringStatus()
    }

    func keyringStatus() async throws(EscrowError) -> KeyringStatus {
        let document = self.keys.document
        let failed = try? await self.keys.holder.failedCanaries().map(\.version)
        let found = try await self.snapshot { (reader) throws(StoreError) in
            var counts: [Int] = []
            for version in document.versions {
                counts.append(try reader.sealedCount(ofEpochs: document.sealEpochs(of: version)))
            }
            return (
                counts: counts, stale: try reader.sealedCount(ofEpochs: 1..<document.sealEpoch),
                rewrap: try reader.keyringRewrap()
            )
        }
        let versions = zip(document.versions, found.counts).map { version, count in
            KeyringStatus.Version(
                number: version.number,
                state: version.state.rawValue,
                suite: version.recipient.suite.name,
                createdAt: version.createdAt,
                secrets: count,
                opens: version.state == .destroyed ? nil : failed.map { !$0.contains(version.number) }
            )
        }
        return KeyringStatus(
            id: document.id,
            generation: document.generation,
            sealEpoch: document.sealEpoch,
            masterKey: document.masterKey,
            versions: versions,
            recoveryKeys: document.recoveryRecipients.map {
                KeyringStatus.RecoveryKey(
                    id: $0.recipient.id.description,
                    suite: $0.recipient.suite.name,
                    addedAt: $0.addedAt
                )
            },
            toRewrap: found.stale,
            rewrap: found.rewrap
        )
    }
}
