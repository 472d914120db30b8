import BitLocker
import Crypto
import FoundationEssentials

/// Offline recovery keys as text: one line that can be printed, typed and kept in a safe.
///
/// `sparekey-recovery-key:SUITE:ID:KEY` is the public half, `sparekey-recovery-private-key:SUITE:ID:KEY` the private one, and
/// `sparekey-recovery-private-key-scrypt:SUITE:ID:KEY` the private one under a passphrase. `SUITE` is `P-256` or `X-Wing`;
/// `ID` is the public half's name in sealed records, 16 hexadecimal digits, and shows that no character is wrong; `KEY` is
/// Base64 for URLs (RFC 4648, section 5) without padding.
package enum RecoveryKeyText {
    /// How the public half begins.
    package static let publicPrefix = "sparekey-recovery-key"
    private static let privatePrefix = "sparekey-recovery-private-key"
    private static let protectedPrefix = "sparekey-recovery-private-key-scrypt"
    private static let longest = 4096

    /// The public half.
    package static func publicLine(_ recipient: Recipient) -> String {
        Self.line(Self.publicPrefix, recipient, Data(recipient.publicKey))
    }

    /// Reads a public half.
    package static func readPublic(_ text: some StringProtocol) throws(RecoveryKeyProblem) -> Recipient {
        let parts = try Self.parts(text)
        guard parts.prefix == Self.publicPrefix else { throw .wrongHalf(isPrivate: true) }
        guard let recipient = try? Recipient(suite: parts.suite, publicKey: Array(parts.key)),
            recipient.id.description == parts.id
        else { throw .damaged }
        return recipient
    }

    /// The private half as the bytes of a line, under a passphrase or in the clear. Wipe them.
    package static func privateLine(
        _ key: RecipientPrivateKey,
        passphrase: PassphraseMasterKey?
    ) async throws(RecoveryKeyProblem) -> [UInt8] {
        let raw = key.rawRepresentation
        guard let passphrase else {
            var data = raw.withUnsafeBytes { Data($0) }
            defer { data.wipe() }
            return Array(Self.line(Self.privatePrefix, key.recipient, data).utf8)
        }
        do throws(MasterKeyError) {
            let wrapped = try await passphrase.wrap(
                raw.secretBytes,
                context: Self.context(key.recipient.id.description)
            )
            return Array(Self.line(Self.protectedPrefix, key.recipient, Data(wrapped)).utf8)
        } catch {
            throw .passphrase(error)
        }
    }

    /// Reads a private half.
    package static func readPrivate(
        _ text: some StringProtocol,
        passphrase: PassphraseMasterKey?
    ) async throws(RecoveryKeyProblem) -> RecipientPrivateKey {
        let parts = try Self.parts(text)
        let raw: SymmetricKey
        switch parts.prefix {
        case Self.privatePrefix: raw = SymmetricKey(data: parts.key)
        case Self.protectedPrefix:
            guard let passphrase else { throw .passphraseNeeded }
            do throws(MasterKeyError) {
                raw = try await passphrase.unwrap(Array(parts.key), context: Self.context(parts.id)).key
            } catch {
                throw .passphrase(error)
            }
        default: throw .wrongHalf(isPrivate: false)
        }
        guard raw.bitCount == 256, let key = try? RecipientPrivateKey(suite: parts.suite, rawRepresentation: raw),
            key.recipient.id.description == parts.id
        else { throw .damaged }
        return key
    }

    private static func context(_ id: String) -> String { "sparekey/recovery-key/v1\n\(id)" }

    private static func line(_ prefix: String, _ recipient: Recipient, _ key: Data) -> String {
        let base64 = key.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=",
            with: ""
        )
        return "\(prefix):\(recipient.suite.name):\(recipient.id):\(base64)"
    }

    private static func parts(
        _ text: some StringProtocol
    ) throws(RecoveryKeyProblem) -> (prefix: String, suite: SealSuite, id: String, key: Data) {
        // Printed lines are broken anywhere and typed with spaces.
        let joined = String(text).filter { !$0.isWhitespace }
        guard joined.utf8.count <= Self.longest else { throw .notARecoveryKey }
        let parts = joined.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, [Self.publicPrefix, Self.privatePrefix, Self.protectedPrefix].contains(parts[0]),
            let suite = SealSuite(name: parts[1])
        else { throw .notARecoveryKey }
        var base64 = parts[3].replacing("-", with: "+").replacing("_", with: "/")
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        guard let key = Data(base64Encoded: base64) else { throw .damaged }
        return (parts[0], suite, parts[2], key)
    }
}
