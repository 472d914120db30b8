import BitLocker
import Crypto
import EscrowCrypto
import EscrowModel
import Testing

struct KeyFingerprintTests {
    private let fingerprinter = KeyFingerprinter(key: SymmetricKey(data: [UInt8](0..<32)))

    private func fingerprint(_ secret: [UInt8] = SealTests.secret, _ context: SealContext) -> KeyFingerprint {
        self.fingerprinter.fingerprint(of: secret, context: context)
    }

    @Test("A fingerprint is what HMAC-SHA-256 gives elsewhere")
    func knownAnswer() {
        // python3: hmac.new(bytes(range(32)), len(c).to_bytes(4, "big") + c + secret, "sha256").hexdigest()[:32]
        #expect(self.fingerprint(SealTests.secret, SealTests.context).description == "3ff282ccb7b9cc61a79208f5880a1e2a")
    }

    @Test("The same secret has the same fingerprint whatever its key version")
    func keyVersion() {
        let later = SealContext(
            device: SealTests.device,
            volume: SealTests.volume,
            protector: SealTests.protector,
            kind: .recoveryPassword,
            keyVersion: 7
        )
        #expect(self.fingerprint(SealTests.secret, later) == self.fingerprint(SealTests.secret, SealTests.context))
    }

    @Test("Another secret, context or key makes another fingerprint")
    func differences() {
        let here = self.fingerprint(SealTests.secret, SealTests.context)
        #expect(self.fingerprint(SealTests.secret.dropLast(), SealTests.context) != here)
        for context in SealTests.otherContexts where context.keyVersion == 1 {
            #expect(self.fingerprint(SealTests.secret, context) != here)
        }
        let other = KeyFingerprinter(key: SymmetricKey(data: [UInt8](1..<33)))
        #expect(other.fingerprint(of: SealTests.secret, context: SealTests.context) != here)
    }

    @Test("Stored bytes make the same fingerprint, and other lengths none")
    func stored() {
        let here = self.fingerprint(SealTests.secret, SealTests.context)
        #expect(KeyFingerprint(bytes: here.bytes) == here)
        #expect(KeyFingerprint(bytes: here.bytes.dropLast()) == nil)
        #expect(KeyFingerprint(bytes: here.bytes + [0]) == nil)
    }
}
