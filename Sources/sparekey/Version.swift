import EscrowModel

/// The program's version.
enum Version {
    /// As it is in CHANGELOG.md.
    static let text = Product.version
}
