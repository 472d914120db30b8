import BitLocker
import Crypto
import EscrowCrypto
import EscrowModel
import FoundationEssentials
import Glibc
import Testing

/// `EndToEnd/seal-fixture.json`: sealed records with published test keys, which `EndToEnd/test_seal.py` opens with a library
/// that is not ours. It was made by the second test here, and must open for as long as the format has this number.
struct SealFixtureTests {
    private struct Record: Codable, CustomTestStringConvertible {
        let suite: String
        let privateKey: String
        let device: GUID
        let volume: GUID
        let protector: GUID
        let kind: SecretKind
        let keyVersion: Int
        let secret: String
        let sealed: String

        var testDescription: String { self.suite }

        var context: SealContext {
            SealContext(
                device: self.device,
                volume: self.volume,
                protector: self.protector,
                kind: self.kind,
                keyVersion: self.keyVersion
            )
        }
    }

    private static let path = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "EndToEnd/seal-fixture.json")

    @Test("The records that were committed still open")
    func committed() throws {
        let records = try JSONDecoder().decode([Record].self, from: Data(contentsOf: Self.path))
        #expect(records.map(\.suite) == SealSuite.allCases.map(\.name))
        for record in records {
            let key = try RecipientPrivateKey(
                suite: try #require(SealSuite(name: record.suite)),
                rawRepresentation: SymmetricKey(data: Data(hex: record.privateKey))
            )
            let opened = try Opener(keys: [key]).open(Array(Data(hex: record.sealed)), context: record.context)
            #expect(opened.withUnsafeBytes { Array($0) } == Array(record.secret.utf8))
        }
    }

    @Test(
        "Records are written anew when SPAREKEY_WRITE_FIXTURES is set",
        .enabled(if: getenv("SPAREKEY_WRITE_FIXTURES") != nil, "changes a committed file, so only when asked to")
    )
    func write() throws {
        let other = try RecipientPrivateKey.generate(.p256)
        let records = try SealSuite.allCases.map { suite in
            let bytes = Array(UInt8(1)...32).map { $0 + 32 * UInt8(suite.rawValue - 1) }
            let key = try RecipientPrivateKey(suite: suite, rawRepresentation: SymmetricKey(data: bytes))
            let sealer = try Sealer(recipients: [other.recipient, key.recipient])
            return Record(
                suite: suite.name,
                privateKey: Self.hex(bytes),
                device: SealTests.device,
                volume: SealTests.volume,
                protector: SealTests.protector,
                kind: .recoveryPassword,
                keyVersion: 1,
                secret: String(decoding: SealTests.secret, as: UTF8.self),
                sealed: Self.hex(try sealer.seal(SealTests.secret, context: SealTests.context))
            )
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (try encoder.encode(records) + [0x0A]).write(to: Self.path)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
