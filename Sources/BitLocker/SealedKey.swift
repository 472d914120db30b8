/// A key, sealed by another: the form in which every key stands in the metadata.
struct SealedKey {
    private let nonce: [UInt8]
    private let tag: ArraySlice<UInt8>
    private let text: ArraySlice<UInt8>

    /// How many bytes come before the key in a key entry.
    private static let keyHeaderSize = 12

    /// Reads a sealed entry; nil for any other.
    init?(_ datum: Datum?) {
        guard let datum, datum.kind == .sealed, let nonce = datum.bytes.part(at: 8, length: 12),
            let tag = datum.bytes.part(at: 20, length: 16)
        else { return nil }
        self.nonce = Array(nonce)
        self.tag = tag
        self.text = datum.bytes.dropFirst(36)
    }

    /// Reads what stands in for a TPM's blob: nonce, tag and text behind the register bitmap.
    init?(tpmBlob datum: Datum?) {
        guard let datum, datum.kind == .tpmBlob, let nonce = datum.bytes.part(at: 12, length: 12),
            let tag = datum.bytes.part(at: 24, length: 16)
        else { return nil }
        self.nonce = Array(nonce)
        self.tag = tag
        self.text = datum.bytes.dropFirst(40)
    }

    /// Opens it and takes out the key that is inside.
    func open(with key: borrowing SecretBytes) -> Opened {
        do throws(AESCCM.Failure) {
            let entry = try AESCCM(key: key).open(self.text, tag: self.tag, nonce: self.nonce)
            return Self.key(in: entry)
        } catch {
            return .refused
        }
    }

    /// What opening gave.
    enum Opened: ~Copyable {
        /// A key.
        case key(TypedKey)
        /// The tag matched, but what is inside is not a key entry.
        case notAKey
        /// The tag did not match.
        case refused
    }

    private static func key(in entry: borrowing SecretBytes) -> Opened {
        entry.withSpan { bytes in
            guard bytes.count >= Self.keyHeaderSize,
                Int(bytes[0]) | Int(bytes[1]) << 8 == bytes.count,
                UInt16(bytes[4]) | UInt16(bytes[5]) << 8 == DatumKind.key.rawValue
            else { return .notAKey }
            let key = SecretBytes(copying: bytes.extracting(Self.keyHeaderSize...))
            return .key(TypedKey(type: UInt16(bytes[8]) | UInt16(bytes[9]) << 8, bytes: key))
        }
    }
}

/// A key and what it is for, as they stand in a key entry.
struct TypedKey: ~Copyable {
    /// One of ``KeyType``, or the number of an ``EncryptionMethod``.
    let type: UInt16
    let bytes: SecretBytes

    init(type: UInt16, bytes: consuming SecretBytes) {
        self.type = type
        self.bytes = bytes
    }

    /// The bytes alone, where they are for what the caller needs; else nil.
    consuming func bytes(type: UInt16, size: Int) -> SecretBytes? {
        guard self.type == type, self.bytes.count == size else { return nil }
        return self.bytes
    }
}
