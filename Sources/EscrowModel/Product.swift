/// What this program calls itself to others: in exports, to their servers, on its command line.
package enum Product {
    /// Its name.
    package static let name = "Sparekey"
    /// Its version, as it is in CHANGELOG.md.
    package static let version = "0.1.0"
}
