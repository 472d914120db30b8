import Crypto
import EscrowCrypto
import FoundationEssentials
import Testing

/// A sealed record made from the format's description with Crypto alone, so that it can also be made wrong.
///
/// P-256 only. What a test does not set is what an honest sealer would write.
struct HandMadeRecord {
    var context = SealTests.context.canonicalBytes
    var secret = SealTests.secret
    /// Each recipient's public key, and the data key that its stanza holds.
    var stanzas: [(recipient: P256.KeyAgreement.PublicKey, dataKey: SymmetricKey)] = []
    /// The data key that commitment, header MAC and payload are made with.
    var dataKey = SymmetricKey(size: .bits256)
    /// Stands before the honest stanzas.
    var foreignStanza: [UInt8] = []

    func bytes() throws -> [UInt8] {
        let commitment = self.derived("commitment").withUnsafeBytes { Array($0) }
        var header = Array("SKS1".utf8) + [UInt8(self.stanzas.count + (self.foreignStanza.isEmpty ? 0 : 1))]
        header += self.foreignStanza
        for stanza in self.stanzas {
            let publicKey = Array(stanza.recipient.x963Representation)
            let id = Self.id(of: publicKey)
            let info = Array("sparekey/seal/v1/data-key\n".utf8) + id + [0, 1] + commitment + self.context
            var sender = try HPKE.Sender(
                recipientKey: stanza.recipient,
                ciphersuite: .P256_SHA256_AES_GCM_256,
                info: Data(info)
            )
            let sealed = try stanza.dataKey.withUnsafeBytes { try sender.seal($0) }
            header += id + [0, 1] + [0, UInt8(sender.encapsulatedKey.count + sealed.count)]
            header += Array(sender.encapsulatedKey) + Array(sealed)
        }
        header += commitment
        let mac = HMAC<SHA256>.authenticationCode(for: header, using: self.derived("header"))
        let box = try AES.GCM.seal(self.secret, using: self.derived("payload"), authenticating: self.context)
        return header + Array(mac) + Array(try #require(box.combined))
    }

    static func id(of publicKey: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: Array("sparekey/seal/v1/recipient\n".utf8) + [0, 1] + publicKey).prefix(8))
    }

    private func derived(_ label: String) -> SymmetricKey {
        HKDF<SHA256>.expand(
            pseudoRandomKey: self.dataKey,
            info: Array("sparekey/seal/v1/\(label)\n".utf8) + Array(SHA256.hash(data: self.context)),
            outputByteCount: 32
        )
    }
}
