package import BitLocker
import Crypto

/// What the shares of a break-glass setup give back: 256 random bits, of which the server keeps a salted hash alone.
package struct BreakGlassSecret: ~Copyable, Sendable {
    /// Why shares do not give a secret back; names the share, and holds nothing of it.
    package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// There are fewer shares than the threshold, or more.
        case count(needed: Int, given: Int)
        /// The share at this place is of another setup than the first one. Places are counted from 1.
        case otherSetup(place: Int)
        /// Two of the shares are the same one.
        case twice(number: Int)

        /// What is wrong and what to do.
        package var description: String {
            switch self {
            case .count(let needed, let given): "needs \(needed) shares, and there are \(given)"
            case .otherSetup(let place): "the share at place \(place) is of another setup than the first"
            case .twice(let number): "share \(number) is there twice"
            }
        }
    }

    private let bytes: SecretBytes

    private init(bytes: consuming SecretBytes) { self.bytes = bytes }

    /// Makes a new secret; `generator` must be cryptographically secure, as `SystemRandomNumberGenerator` is.
    package static func generate(using generator: inout some RandomNumberGenerator) -> BreakGlassSecret {
        BreakGlassSecret(bytes: SecretBytes(count: 32, using: &generator))
    }

    /// Puts shares together. Whether they give the right secret, ``verifier(salt:)`` tells.
    package init(_ shares: [BreakGlassShare]) throws(Problem) {
        guard let first = shares.first else { throw .count(needed: 2, given: 0) }
        for (index, share) in shares.enumerated()
        where share.setup != first.setup || share.threshold != first.threshold {
            throw .otherSetup(place: index + 1)
        }
        var numbers: Set<Int> = []
        for share in shares where !numbers.insert(share.number).inserted { throw .twice(number: share.number) }
        guard shares.count == first.threshold else {
            throw .count(needed: first.threshold, given: shares.count)
        }
        do throws(ShamirShare.Problem) {
            self.bytes = try ShamirShare.combine(shares.map(\.share))
        } catch {
            throw .count(needed: first.threshold, given: shares.count)
        }
    }

    /// Splits the secret for the people who are to keep it.
    package func split(
        setup: GUID,
        into count: Int,
        threshold: Int,
        using generator: inout some RandomNumberGenerator
    ) throws(ShamirShare.Problem) -> [BreakGlassShare] {
        try ShamirShare.split(self.bytes, into: count, threshold: threshold, using: &generator)
            .map { BreakGlassShare(setup: setup, threshold: threshold, share: $0) }
    }

    /// What the server keeps: SHA-256 over a label, a salt and the secret. A plain hash is enough for 256 bits.
    package borrowing func verifier(salt: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("sparekey/break-glass/v1/verifier\n".utf8))
        hash.update(data: salt)
        self.bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize())
    }

    /// Whether a stored hash is this secret's, in constant time.
    package borrowing func matches(verifier: [UInt8], salt: [UInt8]) -> Bool {
        constantTimeEqual(self.verifier(salt: salt), verifier)
    }
}
