import BitLocker
import Crypto
import FoundationEssentials

extension IngestKeys {
    private static let format = 1

    /// The bytes of the file: canonical JSON. They hold secrets; wipe them.
    package var json: [UInt8] {
        let members: [String: CanonicalText] = [
            "auditLogPublicKey": .text(Data(self.auditLogPublicKey).base64EncodedString()),
            "auditLogSeed": .text(Self.base64(self.auditLogSeed)),
            "fingerprintKey": .text(Self.base64(self.fingerprintKey)),
            "format": .number(Int64(Self.format)),
            "keyring": .text(self.keyring.description),
            "sealEpoch": .number(Int64(self.leastSealEpoch)),
            "type": .text("sparekey-ingest"),
        ]
        return CanonicalText.object(members).bytes + [0x0A]
    }

    private static func base64(_ key: SymmetricKey) -> String {
        var data = key.withUnsafeBytes { Data($0) }
        defer { data.wipe() }
        return data.base64EncodedString()
    }

    /// Reads a file's bytes.
    package init(json: [UInt8]) throws(KeyringError) {
        guard let content = try? JSONDecoder().decode(Content.self, from: Data(json)),
            content.type == "sparekey-ingest"
        else { throw .notForIngest(reason: "it is not what `sparekey keyring export-ingest` writes") }
        guard content.format == Self.format else { throw .unsupportedFormat(content.format) }
        guard content.auditLogSeed.count == 32, content.fingerprintKey.count == 32, content.sealEpoch >= 1,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: content.auditLogSeed),
            key.publicKey.rawRepresentation == content.auditLogPublicKey
        else { throw .notForIngest(reason: "it is damaged; export it again") }
        self.keyring = content.keyring
        self.auditLogPublicKey = Array(content.auditLogPublicKey)
        self.auditLogSeed = SymmetricKey(data: content.auditLogSeed)
        self.fingerprintKey = SymmetricKey(data: content.fingerprintKey)
        self.leastSealEpoch = content.sealEpoch
    }

    private struct Content: Decodable {
        let type: String
        let format: Int
        let keyring: GUID
        let auditLogPublicKey: Data
        let auditLogSeed: Data
        let fingerprintKey: Data
        let sealEpoch: Int
    }
}
