package import BitLocker

/// Wraps and unwraps the keyring's root key under a master key that lives elsewhere: a file, a person's memory, later a
/// hardware token or a key service.
///
/// A provider is asked once at start and at each regular check, never for a single record. Contract: what `wrap` made
/// under a context, `unwrap` gives back under the same context and the same master key, and throws
/// `MasterKeyError.doesNotUnwrap` under any other. Both may wait for a network, a token or a slow hash, and neither keeps
/// the secret.
package protocol MasterKeyProvider: Sendable {
    /// Which master key this is, for the keyring to remember and for an error to name: the kind, and something that
    /// differs between keys without telling anything about them, such as `file:3f2a91c04be81d77`.
    var id: String { get }

    /// Where the master key is, for people: `the master key file /etc/sparekey/master.key`.
    var whereabouts: String { get }

    /// Encrypts at most `MasterKey.longestSecret` bytes, bound to a context.
    func wrap(_ secret: borrowing SecretBytes, context: String) async throws(MasterKeyError) -> [UInt8]

    /// Decrypts what `wrap` made under the same context.
    func unwrap(_ wrapped: [UInt8], context: String) async throws(MasterKeyError) -> SecretBytes
}

/// Limits that hold for every provider, so that tokens and key services can keep them too.
package enum MasterKey {
    /// How many bytes a provider must be able to wrap.
    package static let longestSecret = 64
}
