import BitLocker

/// A known value, sealed to a key when the key is made: as long as it opens, so does what was sealed to that key.
///
/// Without one, a key that was replaced or damaged is noticed on the day that somebody needs what it sealed.
enum Canary {
    private static let value = Array("tweet".utf8)

    /// Seals the value to a new key.
    static func seal(to recipient: Recipient, keyring: GUID, version: Int) throws(SealError) -> [UInt8] {
        let context = SealContext.canary(keyring: keyring, version: version)
        return try Sealer(recipients: [recipient]).seal(Self.value.span, context: context)
    }

    /// Opens the value; throws when it does not open or is not the value.
    static func check(_ sealed: [UInt8], keyring: GUID, version: Int, with opener: Opener) throws(SealError) {
        let context = SealContext.canary(keyring: keyring, version: version)
        let opened = try opener.open(sealed, context: context)
        guard opened.withUnsafeBytes({ constantTimeEqual(Array($0), Self.value) }) else { throw .doesNotOpen }
    }
}

/// A keyring version whose canary does not open.
package struct CanaryFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Which version.
    package let version: Int
    /// Why not.
    package let error: SealError

    /// Names the version and what is wrong with it.
    package init(version: Int, error: SealError) {
        self.version = version
        self.error = error
    }

    /// What to do at once.
    package var description: String {
        "Version \(self.version) of the keyring no longer opens what was sealed to it. Restore the keyring from a backup, "
            + "and until then do not stop a server that still runs with it. (\(self.error))"
    }
}
