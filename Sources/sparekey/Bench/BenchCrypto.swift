import BitLocker
import Crypto
import EscrowCrypto
import EscrowModel
import MessageSignatures

/// What the cryptography of a reveal and of a deposit costs by itself on one core, in microseconds.
struct BenchCrypto: Encodable {
    /// Opening a sealed recovery password: what a reveal cannot do without.
    let open: Double
    /// Sealing one: what a deposit cannot do without.
    let seal: Double
    /// Checking a P-256 signature: what a device's request cannot do without.
    let verify: Double

    /// Measures each for about a fifth of a second.
    init() throws {
        var generator = SystemRandomNumberGenerator()
        let key = try RecipientPrivateKey.generate(.p256)
        let sealer = try Sealer(recipients: [key.recipient])
        let opener = Opener(keys: [key])
        let context = SealContext(
            device: .random(using: &generator),
            volume: .random(using: &generator),
            protector: .random(using: &generator),
            kind: .recoveryPassword,
            keyVersion: 1
        )
        let password = RecoveryPassword.generate(using: &generator)
        let digits = password.withDigits { digits in digits.indices.map { digits[$0] } }
        let sealed = try sealer.seal(digits.span, context: context)
        let signingKey = P256.Signing.PrivateKey()
        let message = [UInt8](repeating: 7, count: 300)
        let signature = try signingKey.signature(for: message)
        self.open = try Self.microseconds { _ = try opener.open(sealed, context: context) }
        self.seal = try Self.microseconds { _ = try sealer.seal(digits.span, context: context) }
        self.verify = try Self.microseconds {
            guard signingKey.publicKey.isValidSignature(signature, for: message) else {
                throw Failure("A signature just made is not valid.")
            }
        }
    }

    private static func microseconds(of work: () throws -> Void) rethrows -> Double {
        var samples = BenchSamples()
        for _ in 0..<5 {
            let count = 200
            let seconds = try BenchClock.processorSeconds { for _ in 0..<count { try work() } }
            samples.add(seconds / Double(count) * 1e6)
        }
        return samples.median
    }

    /// One line for people.
    var lines: [String] {
        [
            "of which cryptography, µs: open a sealed key \(BenchFormat.count(self.open)), seal one "
                + "\(BenchFormat.count(self.seal)), check a P-256 signature \(BenchFormat.count(self.verify))"
        ]
    }
}
