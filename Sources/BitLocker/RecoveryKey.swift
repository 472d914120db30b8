/// The 256-bit external key of one key protector: what a `.BEK` file holds.
///
/// Cannot be copied, and is wiped when it goes out of use.
public struct RecoveryKey: ~Copyable, Sendable {
    /// The key protector that it belongs to.
    public let protectorID: GUID
    /// The volume that it belongs to, where the file says so (Windows 10 2004 and later).
    public let volumeID: GUID?
    /// When the protector was made.
    public let created: FileTime
    /// When the file was written; for a new key, when the protector was made.
    public let saved: FileTime

    let storage: SecretBytes

    /// Takes ownership of 32 bytes.
    init(
        protectorID: GUID,
        volumeID: GUID?,
        created: FileTime,
        saved: FileTime? = nil,
        storage: consuming SecretBytes
    ) {
        self.protectorID = protectorID
        self.volumeID = volumeID
        self.created = created
        self.saved = saved ?? created
        self.storage = storage
    }

    /// Takes the 32 bytes of a key; nil for another length.
    public init?(protectorID: GUID, volumeID: GUID? = nil, created: FileTime, key: Span<UInt8>) {
        guard key.count == 32 else { return nil }
        self.init(protectorID: protectorID, volumeID: volumeID, created: created, storage: SecretBytes(copying: key))
    }

    /// Makes a new one; `generator` must be cryptographically secure, as `SystemRandomNumberGenerator` is.
    public static func generate(
        protectorID: GUID,
        volumeID: GUID? = nil,
        created: FileTime,
        using generator: inout some RandomNumberGenerator
    ) -> RecoveryKey {
        RecoveryKey(
            protectorID: protectorID,
            volumeID: volumeID,
            created: created,
            storage: SecretBytes(count: 32, using: &generator)
        )
    }

    /// Lends the 32 bytes of the key.
    public borrowing func withKey<Value: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try self.storage.withSpan(body)
    }

    /// The name that Windows gives the file: the protector ID in braces and upper case, then `.BEK`.
    public var fileName: String { "{\(self.protectorID.description.uppercased())}.BEK" }

    /// Whether both are the same key of the same protector, in a time that does not depend on where the keys differ.
    public borrowing func matches(_ other: borrowing RecoveryKey) -> Bool {
        self.storage.matches(other.storage) && self.protectorID == other.protectorID
    }
}
