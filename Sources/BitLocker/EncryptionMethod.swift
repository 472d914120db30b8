/// How the sectors of a volume are encrypted.
public enum EncryptionMethod: Hashable, Sendable {
    /// AES-CBC with a 128-bit key and the Elephant diffuser.
    case cbc128Diffuser
    /// AES-CBC with a 256-bit key and the Elephant diffuser.
    case cbc256Diffuser
    /// AES-CBC with a 128-bit key.
    case cbc128
    /// AES-CBC with a 256-bit key.
    case cbc256
    /// AES-XTS with two 128-bit keys.
    case xts128
    /// AES-XTS with two 256-bit keys.
    case xts256
    /// A method that this library does not know, by its number.
    case unknown(UInt16)

    /// The method by the number in the metadata.
    public init(number: UInt16) {
        switch number {
        case 0x8000: self = .cbc128Diffuser
        case 0x8001: self = .cbc256Diffuser
        case 0x8002: self = .cbc128
        case 0x8003: self = .cbc256
        case 0x8004: self = .xts128
        case 0x8005: self = .xts256
        default: self = .unknown(number)
        }
    }

    /// The number in the metadata.
    public var number: UInt16 {
        switch self {
        case .cbc128Diffuser: 0x8000
        case .cbc256Diffuser: 0x8001
        case .cbc128: 0x8002
        case .cbc256: 0x8003
        case .xts128: 0x8004
        case .xts256: 0x8005
        case .unknown(let number): number
        }
    }

    /// How many bytes of key material the method takes; nil when it is not known.
    var keySize: Int? {
        switch self {
        case .cbc128: 16
        case .cbc256, .xts128: 32
        case .cbc128Diffuser, .cbc256Diffuser, .xts256: 64
        case .unknown: nil
        }
    }
}

extension EncryptionMethod: CustomStringConvertible {
    /// As Windows' own tools write it.
    public var description: String {
        switch self {
        case .cbc128Diffuser: "AES 128 with Diffuser"
        case .cbc256Diffuser: "AES 256 with Diffuser"
        case .cbc128: "AES 128"
        case .cbc256: "AES 256"
        case .xts128: "XTS-AES 128"
        case .xts256: "XTS-AES 256"
        case .unknown(let number): "unknown (0x\(String(number, radix: 16)))"
        }
    }
}

/// How far the encryption of a volume has got.
public enum ConversionState: Hashable, Sendable {
    /// Not encrypted, and not about to be.
    case decrypted
    /// Wholly encrypted.
    case encrypted
    /// Being encrypted or decrypted.
    case converting
    /// Encryption was started and rests; what is written from now on is encrypted.
    case paused
    /// Numbers that this library does not know: the current state and the next.
    case unknown(UInt16, UInt16)

    /// The state by the two numbers in the metadata.
    public init(current: UInt16, next: UInt16) {
        switch (current, next) {
        case (1, 1): self = .decrypted
        case (4, 4): self = .encrypted
        case (3, _): self = .paused
        case (1...5, 1...5): self = .converting
        default: self = .unknown(current, next)
        }
    }
}
