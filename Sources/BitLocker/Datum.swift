/// What a datum is; the number that stands in it.
enum DatumKind: UInt16 {
    case key = 1
    case text = 2
    case stretchKey = 3
    case useKey = 4
    case sealed = 5
    case tpmBlob = 6
    case protector = 8
    case externalKey = 9
    case virtualization = 15
    case backup = 0x15
    case guid = 0x17

    /// How many bytes, header included, come before nested datums or before data of free length.
    var fixedSize: Int {
        switch self {
        case .text: 8
        case .key, .useKey, .tpmBlob: 12
        case .virtualization, .guid: 24
        case .stretchKey, .backup: 28
        case .externalKey: 32
        case .sealed, .protector: 36
        }
    }

    /// Whether datums follow the fixed part.
    var nests: Bool {
        switch self {
        case .stretchKey, .useKey, .protector, .externalKey: true
        case .key, .text, .sealed, .tpmBlob, .virtualization, .backup, .guid: false
        }
    }
}

/// What a datum is for, where it stands.
enum DatumRole {
    static let protector: UInt16 = 2
    static let volumeKey: UInt16 = 3
    static let externalKey: UInt16 = 6
    static let description: UInt16 = 7
    static let virtualization: UInt16 = 0x0F
    static let passwordUnderMasterKey: UInt16 = 0x12
    static let stretchedKeyUnderMasterKey: UInt16 = 0x13
    static let derivationName: UInt16 = 0x14
    static let volumeID: UInt16 = 0x19
}

/// What a key is for; the number that stands in its datum.
enum KeyType {
    static let recoveryPasswordStretch: UInt16 = 0x1000
    static let clearKey: UInt16 = 0x2000
    static let externalKey: UInt16 = 0x2002
    static let masterKey: UInt16 = 0x2003
    static let hash: UInt16 = 0x2005
    static let stretchedRecoveryPassword: UInt16 = 0x2008
}

/// One entry of the metadata: a typed, sized record that may hold others.
struct Datum: Sendable {
    let role: UInt16
    /// Nil for a kind that this library does not know: kept, never looked into.
    let kind: DatumKind?
    let flags: UInt16
    /// All of it, header included.
    let bytes: ArraySlice<UInt8>
    let nested: [Datum]

    /// How deep entries may hold others: protector, stretch key, sealed key.
    static let maximumDepth = 3

    /// Reads entries until the bytes end, or until one that is too small to be an entry marks the end.
    static func list(in bytes: ArraySlice<UInt8>, depth: Int = 1) throws(CopyProblem) -> [Datum] {
        var datums: [Datum] = []
        var rest = bytes
        while let size = rest.integer(UInt16.self, at: 0).map(Int.init), size >= 8 {
            guard let whole = rest.part(at: 0, length: size) else { throw .malformed(.entryPastEnd) }
            datums.append(try Datum(whole, depth: depth))
            rest = rest.dropFirst(size)
        }
        return datums
    }

    private init(_ bytes: ArraySlice<UInt8>, depth: Int) throws(CopyProblem) {
        guard let role = bytes.integer(UInt16.self, at: 2), let kind = bytes.integer(UInt16.self, at: 4),
            let flags = bytes.integer(UInt16.self, at: 6)
        else { throw .malformed(.entryPastEnd) }
        self.role = role
        self.kind = DatumKind(rawValue: kind)
        self.flags = flags
        self.bytes = bytes
        guard let known = self.kind else {
            self.nested = []
            return
        }
        guard bytes.count >= known.fixedSize else { throw .malformed(.entryTooShort) }
        guard known.nests, bytes.count > known.fixedSize else {
            self.nested = []
            return
        }
        guard depth < Self.maximumDepth else { throw .malformed(.nestedTooDeep) }
        self.nested = try Self.list(in: bytes.dropFirst(known.fixedSize), depth: depth + 1)
    }

    /// The nested entries of one kind.
    func nested(_ kind: DatumKind) -> [Datum] { self.nested.filter { $0.kind == kind } }

    /// The text of a text entry: UTF-16, up to its NUL.
    var text: String? {
        guard self.kind == .text else { return nil }
        let content = self.bytes.dropFirst(8)
        var units: [UInt16] = []
        for offset in stride(from: 0, to: content.count - 1, by: 2) {
            guard let unit = content.integer(UInt16.self, at: offset), unit != 0 else { break }
            units.append(unit)
        }
        return String(decoding: units, as: UTF16.self)
    }
}

extension Datum {
    /// The 8 bytes that every entry begins with; `size` counts them too.
    static func header(size: Int, role: UInt16, kind: DatumKind, flags: UInt16) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt16(truncatingIfNeeded: size))
        bytes.append(littleEndian: role)
        bytes.append(littleEndian: kind.rawValue)
        bytes.append(littleEndian: flags)
        return bytes
    }

    /// The bytes of an entry with this content.
    static func encoded(role: UInt16, kind: DatumKind, flags: UInt16 = 1, content: [UInt8]) -> [UInt8] {
        self.header(size: 8 + content.count, role: role, kind: kind, flags: flags) + content
    }

    /// The bytes of a text entry.
    static func text(_ text: String, role: UInt16) -> [UInt8] {
        var content: [UInt8] = []
        for unit in text.utf16 { content.append(littleEndian: unit) }
        content.append(littleEndian: 0 as UInt16)
        return self.encoded(role: role, kind: .text, content: content)
    }
}
