import BitLocker
import CPKCS11
import EscrowCrypto
import EscrowModel
import MasterKeyProviders
import Synchronization
import Testing

@Suite(.enabled(if: SoftHSM.isHere, "no SoftHSM2 here (apt-get install softhsm2)"), .serialized)
struct PKCS11MasterKeyTests {
    private let softHSM: SoftHSM

    init() throws { self.softHSM = try #require(SoftHSM.shared) }

    private func key(
        _ source: MasterKeySource.Token,
        mayCreate: Bool = false,
        module: TokenLibrary? = nil
    ) async throws(MasterKeyError) -> PKCS11MasterKey {
        let pin = SecretFile(source.pinFile, credentials: nil)
        return try await PKCS11MasterKey(source, pin: pin, mayCreate: mayCreate, module: module)
    }

    private func reason(_ body: () async throws -> Void) async throws -> String {
        let error = await #expect(throws: MasterKeyError.self) { try await body() }
        guard case .unavailable(_, let reason) = error else { return "\(String(describing: error))" }
        return reason
    }

    private static func secret(_ count: Int = 32) -> SecretBytes {
        SecretBytes(copying: [UInt8](repeating: 7, count: count).span)
    }

    @Test("A key is made in the token once, and wraps for everybody who names it")
    func wrapping() async throws {
        let source = self.softHSM.token("wrapping")
        let made = try await self.key(source, mayCreate: true)
        #expect(made.isNew)
        let found = try await self.key(source, mayCreate: true)
        #expect(!found.isNew)
        #expect(found.id == made.id)
        #expect(made.id.hasPrefix("pkcs11:"))
        for count in [1, 32, 64] {
            let wrapped = try await made.wrap(Self.secret(count), context: "a")
            #expect(wrapped.count == 5 + 12 + count + 16)
            #expect(try await made.wrap(Self.secret(count), context: "a") != wrapped)
            let opened = try await found.unwrap(wrapped, context: "a")
            let isSame = opened.matches(Self.secret(count))
            #expect(isSame)
        }
        await #expect(throws: MasterKeyError.badLength) { _ = try await made.wrap(Self.secret(65), context: "a") }
        await #expect(throws: MasterKeyError.badLength) { _ = try await made.wrap(Self.secret(0), context: "a") }
    }

    @Test("What is wrapped is bound to its context, to its key and to every byte of it")
    func binding() async throws {
        let key = try await self.key(self.softHSM.token("binding"), mayCreate: true)
        let other = try await self.key(self.softHSM.source("binding", key: "other"), mayCreate: true)
        #expect(key.id != other.id)
        let wrapped = try await key.wrap(Self.secret(), context: "a")
        await #expect(throws: MasterKeyError.doesNotUnwrap(whereabouts: key.whereabouts)) {
            _ = try await key.unwrap(wrapped, context: "b")
        }
        await #expect(throws: MasterKeyError.doesNotUnwrap(whereabouts: other.whereabouts)) {
            _ = try await other.unwrap(wrapped, context: "a")
        }
        for index in wrapped.indices {
            var changed = wrapped
            changed[index] ^= 1
            let wanted =
                index < 5
                ? MasterKeyError.malformed(whereabouts: key.whereabouts)
                : MasterKeyError.doesNotUnwrap(whereabouts: key.whereabouts)
            await #expect(throws: wanted) { _ = try await key.unwrap(changed, context: "a") }
        }
        for count in [0, 5, 17, 32, wrapped.count - 1] {
            await #expect(throws: MasterKeyError.self) {
                _ = try await key.unwrap(Array(wrapped[..<count]), context: "a")
            }
        }
    }

    @Test("Uses at the same time wait for each other, and all succeed")
    func concurrency() async throws {
        let key = try await self.key(self.softHSM.token("concurrency"), mayCreate: true)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<20 {
                group.addTask {
                    let wrapped = try await key.wrap(Self.secret(), context: "\(number)")
                    return try await key.unwrap(wrapped, context: "\(number)").matches(Self.secret())
                }
            }
            for try await isSame in group { #expect(isSame) }
        }
    }

    @Test("A wrong PIN is said to be wrong, and neither it nor the right one is told")
    func wrongPIN() async throws {
        _ = self.softHSM.token("wrong-pin")
        let reason = try await self.reason {
            _ = try await self.key(self.softHSM.source("wrong-pin", pin: "998877"), mayCreate: true)
        }
        #expect(reason.contains("the PIN for the token \"wrong-pin\" is wrong"))
        #expect(!reason.contains("998877") && !reason.contains(SoftHSM.pin + "\n"))
    }

    @Test("A token that is not there is told from those that are, and from two of one label")
    func tokens() async throws {
        _ = self.softHSM.token("one")
        let missing = try await self.reason { _ = try await self.key(self.softHSM.source("none")) }
        #expect(missing.contains("there is no token \"none\"") && missing.contains("\"one\""))
        #expect(missing.contains("not initialised"))
        _ = self.softHSM.token("twins")
        _ = self.softHSM.token("twins")
        let twins = try await self.reason { _ = try await self.key(self.softHSM.source("twins"), mayCreate: true) }
        #expect(twins.contains("2 tokens are called \"twins\""))
    }

    @Test("Without leave no key is made, and the token is as before")
    func noKey() async throws {
        let source = self.softHSM.token("empty")
        for _ in 0..<2 {
            let reason = try await self.reason { _ = try await self.key(source) }
            #expect(reason.contains("has no AES key \"sparekey\""))
        }
    }

    @Test(
        "A module that cannot be loaded, or is none, is named",
        arguments: [("/none.so", "cannot be loaded"), ("libm.so.6", "not a PKCS #11 module")]
    )
    func modules(path: String, words: String) async throws {
        var source = self.softHSM.source("any")
        source.module = path
        let reason = try await self.reason { _ = try await self.key(source) }
        #expect(reason.contains(path) && reason.contains(words))
    }

    @Test(
        "No PIN is tried on a token that is locked, that would be locked by a wrong one, or that has none",
        arguments: [
            (CKF_USER_PIN_LOCKED, UInt(0), "is locked"),
            (CKF_USER_PIN_FINAL_TRY, UInt(0), "one more wrong PIN locks"),
            (CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_COUNT_LOW, UInt(0), "one more wrong PIN locks"),
            (UInt(0), CKF_USER_PIN_INITIALIZED, "has no user PIN yet"),
            (UInt(0), CKF_TOKEN_INITIALIZED, "not initialised"),
        ]
    )
    func pins(added: UInt, removed: UInt, words: String) async throws {
        let source = self.softHSM.token("flags-\(added)-\(removed)")
        FlaggedSoftHSM.flags.withLock { $0 = (added, removed) }
        FlaggedSoftHSM.logIns.withLock { $0 = 0 }
        defer { FlaggedSoftHSM.flags.withLock { $0 = (0, 0) } }
        let reason = try await self.reason {
            _ = try await self.key(source, mayCreate: true, module: FlaggedSoftHSM.library)
        }
        #expect(reason.contains(words), "\(reason)")
        #expect(FlaggedSoftHSM.logIns.withLock { $0 } == 0)
    }

    @Test("After a wrong PIN it is said that few are left")
    func fewLeft() async throws {
        let source = self.softHSM.token("few", pin: "998877")
        FlaggedSoftHSM.flags.withLock { $0 = (CKF_USER_PIN_COUNT_LOW, 0) }
        FlaggedSoftHSM.logIns.withLock { $0 = 0 }
        defer { FlaggedSoftHSM.flags.withLock { $0 = (0, 0) } }
        let reason = try await self.reason { _ = try await self.key(source, module: FlaggedSoftHSM.library) }
        #expect(reason.contains("only a few more wrong ones"))
        #expect(FlaggedSoftHSM.logIns.withLock { $0 } == 1)
    }

    @Test("A token without AES-GCM is refused by that name")
    func mechanism() async throws {
        let source = self.softHSM.token("no-gcm")
        FlaggedSoftHSM.isMechanismMissing.withLock { $0 = true }
        defer { FlaggedSoftHSM.isMechanismMissing.withLock { $0 = false } }
        let reason = try await self.reason {
            _ = try await self.key(source, mayCreate: true, module: FlaggedSoftHSM.library)
        }
        #expect(reason.contains("CKM_AES_GCM"))
    }
}
