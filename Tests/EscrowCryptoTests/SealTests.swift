import BitLocker
import Crypto
import EscrowCrypto
import EscrowModel
import Testing

struct SealTests {
    static let device = GUID(high: 1, low: 2)
    static let volume = GUID(high: 3, low: 4)
    static let protector = GUID(high: 0x8F59_5209_F5B9_49A0, low: 0x85D4_CB8F_8025_8C27)
    static let context = SealContext(
        device: device,
        volume: volume,
        protector: protector,
        kind: .recoveryPassword,
        keyVersion: 1
    )
    /// Well formed, and of no volume.
    static let secret = Array("111683-110022-220033-330044-440055-550066-660077-007007".utf8)

    @Test(
        "What is sealed to a key opens with it, and a copy sealed again is another record",
        arguments: SealSuite.allCases
    )
    func roundTrip(suite: SealSuite) throws {
        let key = try RecipientPrivateKey.generate(suite)
        let sealer = try Sealer(recipients: [key.recipient])
        let sealed = try sealer.seal(Self.secret, context: Self.context)
        let opened = try Opener(keys: [key]).open(sealed, context: Self.context)
        #expect(opened.withUnsafeBytes { Array($0) } == Self.secret)
        #expect(try sealer.seal(Self.secret, context: Self.context) != sealed)
    }

    @Test("A key that was stored opens what the key before it was stored had sealed", arguments: SealSuite.allCases)
    func storedKey(suite: SealSuite) throws {
        let key = try RecipientPrivateKey.generate(suite)
        let stored = try RecipientPrivateKey(suite: suite, rawRepresentation: key.rawRepresentation)
        #expect(stored.recipient == key.recipient)
        let sealed = try Sealer(recipients: [key.recipient]).seal(Self.secret, context: Self.context)
        let opened = try Opener(keys: [stored]).open(sealed, context: Self.context)
        #expect(opened.withUnsafeBytes { Array($0) } == Self.secret)
    }

    @Test("The context is bound in its canonical form")
    func canonicalContext() {
        let expected =
            #"{"device":"00000000-0000-0001-0000-000000000002","keyVersion":1,"kind":"recoveryPassword","#
            + #""protector":"8f595209-f5b9-49a0-85d4-cb8f80258c27","v":1,"volume":"00000000-0000-0003-0000-000000000004"}"#
        #expect(String(decoding: Self.context.canonicalBytes, as: UTF8.self) == expected)
    }

    /// Contexts that differ from `context` in one field each.
    static let otherContexts: [SealContext] = {
        let other = GUID(high: 0xFFFF, low: 0xFFFF)
        return [
            SealContext(device: other, volume: volume, protector: protector, kind: .recoveryPassword, keyVersion: 1),
            SealContext(device: device, volume: other, protector: protector, kind: .recoveryPassword, keyVersion: 1),
            SealContext(device: device, volume: volume, protector: other, kind: .recoveryPassword, keyVersion: 1),
            SealContext(device: device, volume: volume, protector: protector, kind: .recoveryKey, keyVersion: 1),
            SealContext(device: device, volume: volume, protector: protector, kind: .recoveryPassword, keyVersion: 2),
            SealContext(device: volume, volume: device, protector: protector, kind: .recoveryPassword, keyVersion: 1),
        ]
    }()

    @Test(
        "A record does not open, nor is it sealed again, for a context that differs in any one field",
        arguments: SealSuite.allCases,
        otherContexts
    )
    func contextSwap(suite: SealSuite, other: SealContext) throws {
        let key = try RecipientPrivateKey.generate(suite)
        let sealer = try Sealer(recipients: [key.recipient])
        let opener = Opener(keys: [key])
        let sealed = try sealer.seal(Self.secret, context: Self.context)
        #expect(throws: SealError.doesNotOpen) { _ = try opener.open(sealed, context: other) }
        #expect(throws: SealError.doesNotOpen) { try opener.rewrap(sealed, context: other, for: sealer) }
    }
}
