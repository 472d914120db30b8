import Crypto

/// Which algorithms a secret's data key is sealed with. The raw value is part of the format.
package enum SealSuite: UInt16, CaseIterable, Codable, Sendable {
    /// DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (RFC 9180): the default, which Windows and tokens have too.
    case p256 = 1
    /// X-Wing (ML-KEM-768 with X25519), HKDF-SHA256, AES-256-GCM: holds against a quantum computer as well.
    case xWing = 2

    /// The name in documents and on the command line.
    package var name: String {
        switch self {
        case .p256: "P-256"
        case .xWing: "X-Wing"
        }
    }

    /// The suite of a name, nil for an unknown one.
    package init?(name: String) {
        guard let suite = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = suite
    }

    /// The identifiers of RFC 9180, section 7.
    var ciphersuite: HPKE.Ciphersuite {
        switch self {
        case .p256: .P256_SHA256_AES_GCM_256
        case .xWing: .XWingMLKEM768X25519_SHA256_AES_GCM_256
        }
    }

    /// How many bytes an encapsulated key has.
    var encapsulatedKeyLength: Int {
        switch self {
        case .p256: 65
        case .xWing: 1120
        }
    }
}
