/// The program's version.
enum Version {
    /// As it is in CHANGELOG.md.
    static let text = "0.1.0"
}
