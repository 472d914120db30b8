import Crypto
import EscrowCrypto

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
        let cost = try BenchSuite.cost(of: .p256)
        let signingKey = P256.Signing.PrivateKey()
        let message = [UInt8](repeating: 7, count: 300)
        let signature = try signingKey.signature(for: message)
        self.open = cost.open
        self.seal = cost.seal
        self.verify = try Self.microseconds {
            guard signingKey.publicKey.isValidSignature(signature, for: message) else {
                throw Failure("A signature just made is not valid.")
            }
        }
    }

    /// What some work costs, in microseconds of one core.
    static func microseconds(of work: () throws -> Void) rethrows -> Double {
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
