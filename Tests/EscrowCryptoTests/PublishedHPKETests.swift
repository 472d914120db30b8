import Crypto
import FoundationEssentials
import Testing

/// RFC 9180, appendix A.3's sister with AES-256-GCM, from the test vectors published with the RFC (mode 0, KEM 0x0010, KDF
/// 0x0001, AEAD 0x0002): what sealing stands on does here what the RFC says.
struct PublishedHPKETests {
    @Test("HPKE with P-256, HKDF-SHA256 and AES-256-GCM opens the published ciphertext")
    func opensPublished() throws {
        let key = try P256.KeyAgreement.PrivateKey(
            rawRepresentation: Data(hex: "317f915db7bc629c48fe765587897e01e282d3e8445f79f27f65d031a88082b2")
        )
        let encapsulated = Data(
            hex: "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e"
                + "0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0"
        )
        var recipient = try HPKE.Recipient(
            privateKey: key,
            ciphersuite: .P256_SHA256_AES_GCM_256,
            info: Data("Ode on a Grecian Urn".utf8),
            encapsulatedKey: encapsulated
        )
        let ciphertext = Data(
            hex: "58c61a45059d0c5704560e9d88b564a8b63f1364b8d1fcb3c4c6ddc1d291742465e902cd216f8908da49f8f96f"
        )
        let opened = try recipient.open(ciphertext, authenticating: Data("Count-0".utf8))
        #expect(opened == Data("Beauty is truth, truth beauty".utf8))
    }
}

extension Data {
    init(hex: String) {
        let digits = Array(hex)
        self.init(
            stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0 }
        )
    }
}
