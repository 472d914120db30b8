package import BitLocker

/// A point of the polynomials that Shamir's scheme hides a secret in: any `threshold` of them give it back, fewer tell
/// nothing of it.
///
/// As draft-mcgrew-tss-03 and Vault have it: one polynomial over GF(256) a byte, whose value at 0 is the secret's byte, and
/// whose values at 1, 2, … are the shares'. A class, so that shares can be listed; the bytes are wiped with the last
/// reference.
package final class ShamirShare: Sendable {
    /// The most shares, and the highest threshold: the points of the field without 0.
    package static let limit = 255

    /// Why shares cannot be made or put together.
    package enum Problem: Error, Hashable, Sendable {
        /// The threshold must be 2 to the number of shares, and that at most 255.
        case numbers
        /// Two shares are the same one, one has the number 0, or they are of different lengths.
        case unfit
    }

    /// Where the polynomials were evaluated, 1 to 255; not secret.
    package let number: UInt8
    private let values: SecretBytes

    /// Takes a share from its parts.
    package init(number: UInt8, values: consuming SecretBytes) {
        self.number = number
        self.values = values
    }

    /// How many bytes the secret has.
    package var count: Int { self.values.count }

    /// Lends the polynomials' values; they must not be copied to anything that is not wiped.
    package func withValues<Value: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try self.values.withSpan(body)
    }

    /// Splits a secret into `count` shares of which any `threshold` give it back.
    ///
    /// `generator` must be cryptographically secure, as `SystemRandomNumberGenerator` is.
    package static func split(
        _ secret: borrowing SecretBytes,
        into count: Int,
        threshold: Int,
        using generator: inout some RandomNumberGenerator
    ) throws(Problem) -> [ShamirShare] {
        guard (2...Self.limit).contains(count), (2...count).contains(threshold) else { throw .numbers }
        let length = secret.count
        // The coefficients of x, x², …, one row a power.
        let coefficients = SecretBytes(count: (threshold - 1) * length, using: &generator)
        var shares: [ShamirShare] = []
        for number in 1...count {
            let x = UInt8(number)
            let values = secret.withSpan { secret in
                coefficients.withSpan { coefficients in
                    SecretBytes(count: length) { values in
                        for index in 0..<length {
                            var value: UInt8 = 0
                            for power in (0..<threshold - 1).reversed() {
                                value = ShamirField.product(value ^ coefficients[power * length + index], x)
                            }
                            values[index] = value ^ secret[index]
                        }
                    }
                }
            }
            shares.append(ShamirShare(number: x, values: values))
        }
        return shares
    }

    /// The secret that shares give back, by Lagrange's interpolation at 0.
    ///
    /// Wrong or too few shares give some bytes all the same: only who knows the secret's hash can tell.
    package static func combine(_ shares: [ShamirShare]) throws(Problem) -> SecretBytes {
        guard let length = shares.first?.count, shares.allSatisfy({ $0.count == length && $0.number != 0 }),
            Set(shares.map(\.number)).count == shares.count
        else { throw .unfit }
        let weights = shares.map { share in
            shares.filter { $0.number != share.number }.reduce(UInt8(1)) { weight, other in
                let difference = ShamirField.inverse(other.number ^ share.number)
                return ShamirField.product(weight, ShamirField.product(other.number, difference))
            }
        }
        return SecretBytes(count: length) { secret in
            for (share, weight) in zip(shares, weights) {
                share.withValues { values in
                    for index in 0..<length { secret[index] ^= ShamirField.product(values[index], weight) }
                }
            }
        }
    }
}
