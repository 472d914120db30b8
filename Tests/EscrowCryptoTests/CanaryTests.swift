import BitLocker
import Crypto
import EscrowCrypto
import EscrowModel
import FoundationEssentials
import Testing

struct CanaryTests {
    /// Gives the root key away, so that a test can do what somebody who has it could do.
    private actor TransparentMasterKey: MasterKeyProvider {
        nonisolated let id = "transparent"
        nonisolated let whereabouts = "the test's master key"
        private(set) var root = SymmetricKey(size: .bits256)

        func wrap(_ secret: borrowing SecretBytes, context: String) async throws(MasterKeyError) -> [UInt8] {
            self.root = secret.key
            return Array(context.utf8)
        }

        func unwrap(_ wrapped: [UInt8], context: String) async throws(MasterKeyError) -> SecretBytes {
            guard wrapped == Array(context.utf8) else { throw .doesNotUnwrap(whereabouts: self.whereabouts) }
            let root = self.root.withUnsafeBytes { Array($0) }
            return SecretBytes(copying: root.span)
        }
    }

    private struct Stored: Decodable {
        struct Version: Decodable { let canary: String }
        let mac: String
        let versions: [Version]
    }

    /// A keyring of two versions whose second canary is replaced, authenticated as if nothing were wrong.
    private func keyring(withCanary canary: (Keyring, Stored) throws -> String) async throws -> Keyring {
        let provider = TransparentMasterKey()
        var keyring = try await Keyring.create(under: provider, at: Timestamp(seconds: 0))
        _ = try keyring.addVersion(suite: .p256, at: Timestamp(seconds: 0))
        let stored = try JSONDecoder().decode(Stored.self, from: Data(keyring.document.json))
        let body = String(decoding: keyring.document.json, as: UTF8.self)
            .replacing("\"mac\":\"\(stored.mac)\",", with: "")
            .replacing(stored.versions[1].canary, with: try canary(keyring, stored))
        let key = HKDF<SHA256>.expand(
            pseudoRandomKey: await provider.root,
            info: Array("sparekey/keyring/v1/document".utf8),
            outputByteCount: 32
        )
        let mac = Data(HMAC<SHA256>.authenticationCode(for: Array(body.utf8), using: key)).base64EncodedString()
        let json = body.replacing("\"masterKey\"", with: "\"mac\":\"\(mac)\",\"masterKey\"")
        return try await Keyring(KeyringDocument(json: Array(json.utf8)), under: provider)
    }

    @Test("A keyring in order has no failed canary")
    func good() async throws {
        let keyring = try await self.keyring { _, stored in stored.versions[1].canary }
        #expect(keyring.failedCanaries().isEmpty)
    }

    @Test("A version whose key was replaced is named")
    func replacedKey() async throws {
        let other = try await Keyring.create(under: TransparentMasterKey(), at: Timestamp(seconds: 0)).document
        let keyring = try await self.keyring { _, _ in
            try JSONDecoder().decode(Stored.self, from: Data(other.json)).versions[0].canary
        }
        let failures = keyring.failedCanaries()
        #expect(failures == [CanaryFailure(version: 2, error: .unknownRecipients([other.active.recipient.id]))])
        #expect(failures.first?.description.contains("Version 2") == true)
    }

    @Test(
        "A canary of another version, a changed one and a record in escrow are no canaries of a version",
        arguments: 0..<3
    )
    func wrongCanary(which: Int) async throws {
        let keyring = try await self.keyring { keyring, stored in
            switch which {
            case 0: return stored.versions[0].canary
            case 1:
                var bytes = try #require(Data(base64Encoded: stored.versions[1].canary))
                bytes[bytes.count - 1] ^= 1
                return bytes.base64EncodedString()
            default:
                let sealer = try Sealer(recipients: [keyring.document.versions[1].recipient])
                return Data(try sealer.seal(Array("tweet".utf8), context: SealTests.context)).base64EncodedString()
            }
        }
        #expect(keyring.failedCanaries() == [CanaryFailure(version: 2, error: .doesNotOpen)])
    }
}
