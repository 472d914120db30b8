internal import Crypto

/// A SHA-256 hash of the log's tree: of a leaf, of a node, or the root.
public struct TreeHash: Hashable, Sendable {
    /// How many bytes a hash has.
    public static let byteCount = 32

    /// The bytes, in the order of the hash, held in place so that millions of hashes cost no allocation each.
    private let storage: SIMD4<UInt64>

    /// Takes the 32 bytes of a hash; nil when there are not exactly 32.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var storage = SIMD4<UInt64>()
        withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes) }
        self.storage = storage
    }

    /// Reads the standard base64 form (RFC 4648, section 4, with padding); nil for anything else.
    public init?(base64 text: some StringProtocol) {
        guard let bytes = Base64.standard.decode(Array(text.utf8)) else { return nil }
        self.init(bytes: bytes)
    }

    init(_ digest: SHA256.Digest) {
        var storage = SIMD4<UInt64>()
        withUnsafeMutableBytes(of: &storage) { target in digest.withUnsafeBytes { target.copyMemory(from: $0) } }
        self.storage = storage
    }

    /// The 32 bytes.
    public var bytes: [UInt8] { self.withBytes(Array.init) }

    /// The standard base64 form (RFC 4648, section 4, with padding): what a checkpoint shows.
    public var base64: String { Base64.standard.encode(self.bytes) }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeBytes(of: self.storage, body)
    }
}

extension TreeHash: CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public var description: String { Hexadecimal.text(of: self.bytes) }
}
