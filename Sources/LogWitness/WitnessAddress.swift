package import AuditLog

/// A witness of the audit log: where it is asked, and the key by which its cosignatures are known.
package struct WitnessAddress: Equatable, Sendable {
    /// The submission prefix, without a slash at its end.
    package let url: String
    /// The witness's cosignature key.
    package let key: VerifierKey

    /// Takes an address whose URL was checked.
    package init(url: String, key: VerifierKey) {
        self.url = url
        self.key = key
    }
}
