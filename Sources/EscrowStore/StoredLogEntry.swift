/// An entry of the log as it is stored, which may not be as it was written: that is for a verifier to find.
package struct StoredLogEntry: Equatable, Sendable {
    /// Its place in the log, from 0.
    package let index: Int64
    /// The leaf's bytes; `{}` where what is stored makes no leaf.
    package let leaf: [UInt8]
    /// The salt; nil when the entry was redacted.
    package let salt: [UInt8]?
    /// The record's canonical bytes; nil when the entry was redacted.
    package let record: [UInt8]?
}
