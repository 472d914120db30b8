import Crypto
import MessageSignatures
import Testing

struct DevicePublicKeyTests {
    @Test("The published key's thumbprint is SHA-256 of its DER form")
    func thumbprint() throws {
        let key = try DevicePublicKey(base64: PublishedVectorTests.publicKey)
        #expect(key.thumbprint == "55f96361b78cbb84f1fc604b0718e82bd91abb46d8fc25ae871b35fbbf8b7974")
        #expect(key.base64 == PublishedVectorTests.publicKey)
        #expect(try DevicePublicKey(derBytes: key.derBytes) == key)
    }

    @Test("Keys of other curves, other encodings of the same key, and anything else are refused")
    func refusals() throws {
        let key = P256.Signing.PrivateKey().publicKey
        let der = Array(key.derRepresentation)
        let others: [[UInt8]] = [
            [], [0x30], der + [0], Array(der.dropLast()), Array(key.x963Representation),
            Array(key.compressedRepresentation), Array(P384.Signing.PrivateKey().publicKey.derRepresentation),
            Array(P256.Signing.PrivateKey().derRepresentation),
        ]
        for bytes in others {
            #expect(throws: DevicePublicKey.Problem.notP256) { try DevicePublicKey(derBytes: bytes) }
        }
        #expect(throws: DevicePublicKey.Problem.notBase64) { try DevicePublicKey(base64: "not base64!") }
        #expect(throws: DevicePublicKey.Problem.notBase64) {
            try DevicePublicKey(base64: PublishedVectorTests.publicKey + "\n")
        }
    }
}
