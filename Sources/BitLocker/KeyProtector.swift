/// One way to unlock a volume, as the metadata describes it.
public struct KeyProtector: Hashable, Sendable, Identifiable {
    /// The key protector ID; its first 8 hexadecimal digits are what the recovery screen shows.
    public let id: GUID
    /// What it takes to unlock the volume.
    public let kind: Kind
    /// The name it was given, where it has one.
    public let name: String?
    /// When it was last changed.
    public let modified: FileTime
    /// When and where Windows saved it, by its own account.
    public let backups: [Backup]
    /// The key is derived in a way that this library cannot follow (PBKDF2).
    public let usesUnsupportedKeyDerivation: Bool
    /// Its key material was removed before storage; see ``MetadataUpload/strippingGuessableProtectors()``.
    public let isStripped: Bool

    /// What it takes to unlock a volume.
    public enum Kind: Hashable, Sendable {
        /// Nothing: protection is suspended.
        case clearKey
        /// The TPM alone.
        case tpm
        /// A key file on a USB drive: a startup key or a recovery key.
        case externalKey
        /// The TPM and a PIN.
        case tpmPIN
        /// The TPM and a key file.
        case tpmStartupKey
        /// The TPM, a PIN and a key file.
        case tpmPINStartupKey
        /// The 48 digits.
        case recoveryPassword
        /// A smart card or certificate.
        case smartCard
        /// A passphrase that somebody chose.
        case passphrase
        /// A kind that this library does not know, by its number.
        case unknown(UInt16)
    }

    /// One record of the protector having been saved.
    public struct Backup: Hashable, Sendable {
        /// When the record was made.
        public let created: FileTime
        /// When the protector was saved.
        public let backedUp: FileTime
        /// Where to.
        public let method: Method

        /// Where a protector was saved to.
        public enum Method: Hashable, Sendable {
            /// Active Directory.
            case activeDirectory
            /// A Microsoft account.
            case microsoftAccount
            /// Entra ID.
            case entraID
            /// A file.
            case file
            /// Paper.
            case printed
            /// A place that this library does not know, by its number.
            case unknown(UInt16)
        }
    }
}

extension KeyProtector.Kind {
    /// The kind by the number in the metadata, of which the upper half counts.
    public init(protection: UInt16) {
        switch protection & 0xFF00 {
        case 0x0000: self = .clearKey
        case 0x0100: self = .tpm
        case 0x0200: self = .externalKey
        case 0x0400, 0x0500: self = .tpmPIN
        case 0x0600: self = .tpmStartupKey
        case 0x0700: self = .tpmPINStartupKey
        case 0x0800: self = .recoveryPassword
        case 0x1000: self = .smartCard
        case 0x2000: self = .passphrase
        default: self = .unknown(protection)
        }
    }

    /// A protector of this kind could be guessed by whoever holds the metadata, or needs no guessing at all.
    ///
    /// A clear key opens the volume master key, and that opens every recovery password of the volume.
    public var isGuessable: Bool { self == .passphrase || self == .clearKey }
}

extension KeyProtector.Kind: CustomStringConvertible {
    /// The field's own words for it.
    public var description: String {
        switch self {
        case .clearKey: "clear key"
        case .tpm: "TPM"
        case .externalKey: "external key"
        case .tpmPIN: "TPM and PIN"
        case .tpmStartupKey: "TPM and startup key"
        case .tpmPINStartupKey: "TPM, PIN and startup key"
        case .recoveryPassword: "recovery password"
        case .smartCard: "smart card"
        case .passphrase: "passphrase"
        case .unknown(let protection): "unknown (0x\(String(protection, radix: 16)))"
        }
    }
}

extension KeyProtector {
    /// Reads what a protector entry says, which its parser has made long enough.
    init?(_ datum: Datum) {
        guard datum.kind == .protector, let id = datum.bytes.guid(at: 8),
            let modified = datum.bytes.integer(UInt64.self, at: 24),
            let protection = datum.bytes.integer(UInt16.self, at: 34)
        else { return nil }
        self.id = id
        self.kind = Kind(protection: protection)
        self.name = datum.nested(.text).lazy.compactMap(\.text).first
        self.modified = FileTime(ticks: modified)
        self.backups = datum.nested(.backup).compactMap(Backup.init)
        self.usesUnsupportedKeyDerivation = datum.nested(.stretchKey).contains(where: \.usesUnsupportedKeyDerivation)
        self.isStripped = self.kind.isGuessable && datum.nested(.sealed).isEmpty
    }
}

extension KeyProtector.Backup {
    init?(_ datum: Datum) {
        guard let created = datum.bytes.integer(UInt64.self, at: 8),
            let backedUp = datum.bytes.integer(UInt64.self, at: 16),
            let method = datum.bytes.integer(UInt16.self, at: 24)
        else { return nil }
        self.created = FileTime(ticks: created)
        self.backedUp = FileTime(ticks: backedUp)
        self.method =
            switch method {
            case 1: .activeDirectory
            case 2: .microsoftAccount
            case 4: .entraID
            case 8: .file
            case 16: .printed
            default: .unknown(method)
            }
    }
}

extension Datum {
    /// A stretch key that is not the chained SHA-256: flag 0x40, or a nested name of another derivation.
    var usesUnsupportedKeyDerivation: Bool {
        guard self.kind == .stretchKey, let keyFlags = self.bytes.integer(UInt16.self, at: 10) else { return false }
        return keyFlags & 0x40 != 0
            || self.nested.contains { $0.kind == .text && $0.role == DatumRole.derivationName }
    }
}
