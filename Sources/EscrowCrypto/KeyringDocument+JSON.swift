import BitLocker
import EscrowModel
import FoundationEssentials

extension KeyringDocument {
    /// The version of the format that is written. Format 1, which is still read, has no recovery keys, no seal epochs and no
    /// signature.
    static let newestFormat = 2
    private static let longestDocument = 1 << 20

    /// The document as it is stored: canonical JSON (RFC 8785).
    package var json: [UInt8] {
        var members = self.authenticatedMembers
        members["mac"] = Self.base64(self.mac)
        return CanonicalText.object(members).bytes
    }

    /// What the MAC is made over: the document without it.
    var authenticatedBytes: [UInt8] { CanonicalText.object(self.authenticatedMembers).bytes }

    /// What the audit log's key signs: whom new secrets are sealed to, and since when.
    ///
    /// Its second line is JSON, which a checkpoint's never is: neither passes for the other.
    var publicBytes: [UInt8] {
        let members: [String: CanonicalText] = [
            "auditLogPublicKey": Self.base64(self.auditLogPublicKey),
            "generation": .number(Int64(self.generation)),
            "id": .text(self.id.description),
            "recipients": .list(
                self.recipients.map { recipient in
                    .object([
                        "publicKey": Self.base64(recipient.publicKey), "suite": .text(recipient.suite.name),
                    ])
                }
            ),
            "sealEpoch": .number(Int64(self.sealEpoch)),
            "version": .number(Int64(self.active.number)),
        ]
        return Array("sparekey/keyring/v2/public\n".utf8) + CanonicalText.object(members).bytes
    }

    private var authenticatedMembers: [String: CanonicalText] {
        guard self.format > 1 else { return self.firstMembers }
        return self.firstMembers.merging([
            "recoveryRecipients": .list(
                self.recoveryRecipients.map { recovery in
                    .object([
                        "added": .number(recovery.addedAt.milliseconds),
                        "publicKey": Self.base64(recovery.recipient.publicKey),
                        "suite": .text(recovery.recipient.suite.name),
                    ])
                }
            ),
            "sealEpoch": .number(Int64(self.sealEpoch)),
            "signature": Self.base64(self.signature),
        ]) { first, _ in first }
    }

    /// The members of format 1.
    private var firstMembers: [String: CanonicalText] {
        [
            "auditLogPublicKey": Self.base64(self.auditLogPublicKey),
            "auditLogSeed": Self.base64(self.wrappedAuditLogSeed),
            "fingerprintKey": Self.base64(self.wrappedFingerprintKey),
            "format": .number(Int64(self.format)),
            "generation": .number(Int64(self.generation)),
            "id": .text(self.id.description),
            "masterKey": .text(self.masterKey),
            "rootKey": Self.base64(self.wrappedRootKey),
            "versions": .list(
                self.versions.map { version in
                    var members: [String: CanonicalText] = [
                        "canary": Self.base64(version.canary),
                        "created": .number(version.createdAt.milliseconds),
                        "number": .number(Int64(version.number)),
                        "publicKey": Self.base64(version.recipient.publicKey),
                        "state": .text(version.state.rawValue),
                        "suite": .text(version.recipient.suite.name),
                    ]
                    if let key = version.wrappedPrivateKey { members["privateKey"] = Self.base64(key) }
                    if self.format > 1, let epoch = version.sealsFrom { members["sealsFrom"] = .number(Int64(epoch)) }
                    return .object(members)
                }
            ),
        ]
    }

    private static func base64(_ bytes: [UInt8]) -> CanonicalText { .text(Data(bytes).base64EncodedString()) }

    /// Reads a stored document, and checks all of it that can be checked without its root key.
    package init(json: [UInt8]) throws(KeyringError) {
        guard json.count <= Self.longestDocument else { throw .malformed(reason: "it is longer than 1 MiB") }
        let decoder = JSONDecoder()
        guard let head = try? decoder.decode(Head.self, from: Data(json)) else {
            throw .malformed(reason: "it is not a JSON object with a format")
        }
        guard (1...Self.newestFormat).contains(head.format) else { throw .unsupportedFormat(head.format) }
        guard let content = try? decoder.decode(Content.self, from: Data(json)) else {
            throw .malformed(reason: "a member is missing or has the wrong type")
        }
        guard head.format == 1 || content.hasSecondMembers else {
            throw .malformed(reason: "a member is missing or has the wrong type")
        }
        self.format = head.format
        self.id = content.id
        self.generation = content.generation
        self.masterKey = content.masterKey
        self.auditLogPublicKey = Array(content.auditLogPublicKey)
        self.wrappedRootKey = Array(content.rootKey)
        self.wrappedFingerprintKey = Array(content.fingerprintKey)
        self.wrappedAuditLogSeed = Array(content.auditLogSeed)
        self.mac = Array(content.mac)
        // What format 1 does not have would not be under its MAC either.
        let isFirst = head.format == 1
        self.sealEpoch = isFirst ? 1 : content.sealEpoch ?? 1
        self.signature = isFirst ? [] : content.signature.map { Array($0) } ?? []
        self.recoveryRecipients = []
        for recovery in isFirst ? [] : content.recoveryRecipients ?? [] {
            self.recoveryRecipients.append(try recovery.checked())
        }
        self.versions = []
        for version in content.versions { self.versions.append(try version.checked(format: head.format)) }
        let numbers = self.versions.map(\.number)
        guard numbers.first.map({ $0 >= 1 }) ?? false, zip(numbers, numbers.dropFirst()).allSatisfy(<) else {
            throw .malformed(reason: "its versions are not numbered upwards from 1")
        }
        guard self.versions.count(where: { $0.state == .active }) == 1 else {
            throw .malformed(reason: "there must be exactly one active version")
        }
        guard self.sealEpoch >= 1 else { throw .malformed(reason: "its seal epoch is not 1 or more") }
        guard self.recoveryRecipients.count <= Self.mostRecoveryRecipients,
            Set(self.recipients.map(\.id)).count == self.recipients.count
        else { throw .malformed(reason: "it has too many recovery keys, or one of them twice") }
    }

    private struct Head: Decodable {
        let format: Int
    }

    private struct Content: Decodable {
        let id: GUID
        let generation: Int
        let masterKey: String
        let auditLogPublicKey: Data
        let rootKey: Data
        let fingerprintKey: Data
        let auditLogSeed: Data
        let mac: Data
        let versions: [Version]
        let sealEpoch: Int?
        let signature: Data?
        let recoveryRecipients: [Recovery]?

        var hasSecondMembers: Bool {
            self.sealEpoch != nil && self.signature != nil && self.recoveryRecipients != nil
        }
    }

    private struct Recovery: Decodable {
        let suite: String
        let publicKey: Data
        let added: Int64

        func checked() throws(KeyringError) -> RecoveryRecipient {
            guard let suite = SealSuite(name: self.suite),
                let recipient = try? Recipient(suite: suite, publicKey: Array(self.publicKey))
            else { throw .malformed(reason: "a recovery key has an unknown suite or a bad public key") }
            return RecoveryRecipient(recipient: recipient, addedAt: Timestamp(milliseconds: self.added))
        }
    }

    private struct Version: Decodable {
        let number: Int
        let state: String
        let suite: String
        let publicKey: Data
        let created: Int64
        let canary: Data
        let privateKey: Data?
        let sealsFrom: Int?

        func checked(format: Int) throws(KeyringError) -> KeyringVersion {
            guard let state = KeyringVersion.State(rawValue: self.state) else {
                throw .malformed(reason: "version \(self.number) has an unknown state")
            }
            guard let suite = SealSuite(name: self.suite) else {
                throw .malformed(reason: "version \(self.number) has an unknown suite")
            }
            guard let recipient = try? Recipient(suite: suite, publicKey: Array(self.publicKey)) else {
                throw .malformed(reason: "version \(self.number) has a bad public key")
            }
            guard (state == .destroyed) == (self.privateKey == nil) else {
                throw .malformed(reason: "version \(self.number) is \(state.rawValue) with or without a private key")
            }
            return KeyringVersion(
                number: self.number,
                state: state,
                sealsFrom: format == 1 ? nil : self.sealsFrom,
                recipient: recipient,
                createdAt: Timestamp(milliseconds: self.created),
                canary: Array(self.canary),
                wrappedPrivateKey: self.privateKey.map { Array($0) }
            )
        }
    }
}
