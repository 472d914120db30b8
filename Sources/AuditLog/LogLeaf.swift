internal import Crypto

/// What the tree commits to of an entry: its kind, its time, and a salted commitment to its record.
///
/// It has no names, devices or addresses, so the tree can be public and mirrored, and a record can be erased while every proof
/// stands. Kind and time are visible on purpose: a monitor can count disclosures.
public struct LogLeaf: Hashable, Sendable {
    /// The version of the leaf's form, its member `v`.
    public static let version: Int64 = 1

    /// When, in milliseconds since 1970.
    ///
    /// For people: the order of a log is that of its indices.
    public let time: Int64
    /// What happened, such as `key.reveal`: 1 to 64 of letters, digits, dot, hyphen and underscore.
    public let kind: String
    /// HMAC-SHA256, with the salt as its key, over the record's canonical bytes; 32 bytes.
    public let commitment: [UInt8]
    /// The canonical JSON `{"c":commitment,"k":kind,"t":time,"v":1}`: the bytes that are hashed.
    public let bytes: [UInt8]

    /// Makes a leaf; throws when the time or the kind cannot be in one.
    public init(time: Int64, kind: String, commitment: [UInt8]) throws(LogEntryError) {
        guard 0...CanonicalJSON.Integer.range.upperBound ~= time else { throw .timeOutOfRange(time) }
        guard 1...64 ~= kind.utf8.count, kind.utf8.allSatisfy(Self.isAllowedInKind) else { throw .invalidKind }
        guard commitment.count == 32 else { throw .malformedLeaf("its commitment is not 32 bytes") }
        self.time = time
        self.kind = kind
        self.commitment = commitment
        var bytes: [UInt8] = []
        bytes.reserveCapacity(160)
        bytes.append(contentsOf: "{\"c\":\"".utf8)
        Base64.url.encode(commitment, into: &bytes)
        bytes.append(contentsOf: "\",\"k\":\"".utf8)
        bytes.append(contentsOf: kind.utf8)
        bytes.append(contentsOf: "\",\"t\":".utf8)
        CanonicalJSON.encode(time, into: &bytes)
        bytes.append(contentsOf: ",\"v\":1}".utf8)
        self.bytes = bytes
    }

    /// Reads the bytes of a leaf, which must be canonical.
    public init(bytes: [UInt8]) throws(LogEntryError) {
        let value: CanonicalJSON
        do { value = try CanonicalJSON(parsing: bytes) } catch { throw .malformedLeaf(error.description) }
        try self.init(json: value)
        guard self.bytes == bytes else { throw .malformedLeaf("its JSON is not canonical") }
    }

    /// Reads the members of a leaf.
    init(json: CanonicalJSON) throws(LogEntryError) {
        guard case .object(let object) = json else { throw .malformedLeaf("it is not an object") }
        guard object["v"] == .integer(.init(integerLiteral: Self.version)) else {
            throw .malformedLeaf("its version \"v\" is not 1, the only one known here")
        }
        guard case .string(let text)? = object["c"], let commitment = Base64.url.decode(Array(text.utf8)) else {
            throw .malformedLeaf("its commitment \"c\" is not base64url without padding")
        }
        guard case .string(let kind)? = object["k"] else { throw .malformedLeaf("its kind \"k\" is not a string") }
        guard case .integer(let time)? = object["t"] else { throw .malformedLeaf("its time \"t\" is not an integer") }
        guard object.members.count == 4 else { throw .malformedLeaf("it has more members than c, k, t and v") }
        try self.init(time: time.value, kind: kind, commitment: commitment)
    }

    /// The leaf's hash in the tree.
    public var hash: TreeHash { MerkleTree.leafHash(of: self.bytes) }

    /// The commitment to a record: HMAC-SHA256 (RFC 2104) with the salt, 32 bytes, as its key, over the record's canonical bytes.
    ///
    /// Written out over SHA-256: Crypto's `HMAC` makes a key object and seven arrays for each, five times the cost.
    static func commitment(to record: [UInt8], salt: [UInt8]) -> [UInt8] {
        precondition(
            salt.count <= SHA256.blockByteCount,
            "a salt that is longer than a block would have to be hashed first"
        )
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: SHA256.blockByteCount) { block in
            for at in block.indices { block[at] = (at < salt.count ? salt[at] : 0) ^ 0x36 }
            var inner = SHA256()
            inner.update(bufferPointer: UnsafeRawBufferPointer(block))
            record.withUnsafeBytes { inner.update(bufferPointer: $0) }
            for at in block.indices { block[at] ^= 0x36 ^ 0x5C }
            var outer = SHA256()
            outer.update(bufferPointer: UnsafeRawBufferPointer(block))
            inner.finalize().withUnsafeBytes { outer.update(bufferPointer: $0) }
            return outer.finalize().withUnsafeBytes(Array.init)
        }
    }

    private static func isAllowedInKind(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
