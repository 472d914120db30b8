import Crypto

/// What stands in for a one-time password when the device that makes them is lost: works once.
package enum RecoveryCode {
    /// How many an account gets.
    package static let count = 10

    /// Makes one of 80 random bits: 16 letters and digits in groups of four.
    package static func generate(using generator: inout some RandomNumberGenerator) -> String {
        Base32.grouped((0..<10).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
            .replacing(" ", with: "-")
    }

    /// What the store keeps of a code as it was typed: case, spaces and hyphens are nobody's mistake. Nil for what is no
    /// code at all.
    package static func hash(of typed: String) -> [UInt8]? {
        let letters = typed.uppercased().filter { $0 != "-" && $0 != " " }
        guard letters.utf8.count == 16 else { return nil }
        return Array(SHA256.hash(data: Array("sparekey/sign-in/v1/recovery\n\(letters)".utf8)))
    }
}
