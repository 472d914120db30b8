import BitLocker
import Crypto
import EscrowCrypto
import EscrowModel
import FoundationEssentials

/// What sealing a recovery password to one recipient costs, and opening it, by the algorithms of the seal.
struct BenchSuite: Encodable {
    /// The suite's name.
    let name: String
    /// Sealing one, in microseconds of one core.
    let seal: Double
    /// Opening one, in microseconds of one core.
    let open: Double
    /// Opening one, by the X25519 of the same run.
    let openOfX25519: Double

    /// Measures our two suites in our own format, beside bare HPKE with X25519, which nothing of ours uses.
    static func all() throws -> [BenchSuite] {
        let plain = try Self.x25519()
        let bare = BenchSuite(name: "X25519, bare HPKE", seal: plain.seal, open: plain.open, openOfX25519: 1)
        return try [bare]
            + SealSuite.allCases.map { suite in
                let cost = try Self.cost(of: suite)
                return BenchSuite(
                    name: suite.name,
                    seal: cost.seal,
                    open: cost.open,
                    openOfX25519: cost.open / max(plain.open, 1e-9)
                )
            }
    }

    /// What sealing and opening cost with a suite, in microseconds of one core.
    static func cost(of suite: SealSuite) throws -> (seal: Double, open: Double) {
        var generator = SystemRandomNumberGenerator()
        let key = try RecipientPrivateKey.generate(suite)
        let sealer = try Sealer(recipients: [key.recipient])
        let opener = Opener(keys: [key])
        let context = SealContext(
            device: .random(using: &generator),
            volume: .random(using: &generator),
            protector: .random(using: &generator),
            kind: .recoveryPassword,
            keyVersion: 1
        )
        let digits = [UInt8](repeating: UInt8(ascii: "0"), count: 55)
        let sealed = try sealer.seal(digits.span, context: context)
        return (
            seal: try BenchCrypto.microseconds { _ = try sealer.seal(digits.span, context: context) },
            open: try BenchCrypto.microseconds { _ = try opener.open(sealed, context: context) }
        )
    }

    private static func x25519() throws -> (seal: Double, open: Double) {
        let suite = HPKE.Ciphersuite(kem: .Curve25519_HKDF_SHA256, kdf: .HKDF_SHA256, aead: .AES_GCM_256)
        let key = Curve25519.KeyAgreement.PrivateKey()
        let info = Data("sparekey bench".utf8)
        let digits = Data(repeating: UInt8(ascii: "0"), count: 55)
        func seal() throws -> (encapsulated: Data, ciphertext: Data) {
            var sender = try HPKE.Sender(recipientKey: key.publicKey, ciphersuite: suite, info: info)
            return (sender.encapsulatedKey, try sender.seal(digits))
        }
        let sealed = try seal()
        return (
            seal: try BenchCrypto.microseconds { _ = try seal() },
            open: try BenchCrypto.microseconds {
                var recipient = try HPKE.Recipient(
                    privateKey: key,
                    ciphersuite: suite,
                    info: info,
                    encapsulatedKey: sealed.encapsulated
                )
                _ = try recipient.open(sealed.ciphertext)
            }
        )
    }
}
