import Crypto

/// The bytes of a sealed secret, taken apart.
///
/// ```
/// "SKS1" | count (1) | stanza… | commitment (32) | header MAC (32) | nonce (12) | ciphertext, tag (16)
/// stanza = recipient ID (8) | suite (2) | length (2) | encapsulated key, sealed data key
/// ```
/// Numbers are big-endian. The parts:
/// - The *data key* is 32 random bytes, new for each record, sealed to each recipient by HPKE (RFC 9180, base mode) with
///   empty AAD and `info` = `sparekey/seal/v1/data-key\n`, recipient ID, suite, commitment, context.
/// - Three values are made from the data key by HKDF-Expand with SHA-256 (RFC 5869), 32 bytes each: the payload's key, the
///   commitment and the header MAC's key. `info` is `sparekey/seal/v1/payload\n`, `…/commitment\n` or `…/header\n`,
///   followed by SHA-256 of the context.
/// - The *commitment* ties the record to one data key. AES-GCM alone does not: a hostile sealer could make one
///   ciphertext that opens differently for two recipients.
/// - The *header MAC* is HMAC-SHA-256 over all that stands before it, so that no stanza can be changed unnoticed by the
///   other recipients. It stands apart from the payload so that a record can be sealed to other recipients without
///   touching the payload.
/// - The payload is AES-256-GCM with the context as AAD.
package struct SealedRecord: Sendable, Equatable {
    /// How many recipients a record can have.
    package static let mostRecipients = 16
    /// How many bytes a secret can have: a `.BEK` file has 156 or 180.
    package static let longestSecret = 4096

    /// A data key, sealed to one recipient.
    struct Stanza: Sendable, Equatable {
        let recipient: RecipientID
        /// The suite's number in the format; a reader without that suite leaves the stanza alone.
        let suite: UInt16
        let sealedKey: ArraySlice<UInt8>
    }

    static let magic = Array("SKS1".utf8)
    static let longestStanza = 2048

    let stanzas: [Stanza]
    let commitment: [UInt8]
    let headerMAC: [UInt8]
    let nonce: [UInt8]
    let ciphertext: [UInt8]

    /// Whom the record is sealed to.
    package var recipients: [RecipientID] { self.stanzas.map(\.recipient) }

    init(stanzas: [Stanza], commitment: [UInt8], headerMAC: [UInt8], nonce: [UInt8], ciphertext: [UInt8]) {
        self.stanzas = stanzas
        self.commitment = commitment
        self.headerMAC = headerMAC
        self.nonce = nonce
        self.ciphertext = ciphertext
    }

    /// Takes bytes apart that may come from anybody.
    package init(parsing bytes: [UInt8]) throws(SealError) {
        var rest = bytes[...]
        let magic = try Self.take(4, from: &rest)
        guard magic.elementsEqual(Self.magic) else {
            throw magic.starts(with: Self.magic.dropLast()) ? .unsupportedVersion : .malformed
        }
        let count = try Self.number(1, from: &rest)
        guard (1...Self.mostRecipients).contains(count) else { throw .malformed }
        var stanzas: [Stanza] = []
        for _ in 0..<count {
            let recipient = RecipientID(value: UInt64(truncatingIfNeeded: try Self.number(8, from: &rest)))
            let suite = UInt16(truncatingIfNeeded: try Self.number(2, from: &rest))
            let length = try Self.number(2, from: &rest)
            guard length <= Self.longestStanza, !stanzas.contains(where: { $0.recipient == recipient }) else {
                throw .malformed
            }
            stanzas.append(Stanza(recipient: recipient, suite: suite, sealedKey: try Self.take(length, from: &rest)))
        }
        self.stanzas = stanzas
        self.commitment = Array(try Self.take(32, from: &rest))
        self.headerMAC = Array(try Self.take(32, from: &rest))
        self.nonce = Array(try Self.take(12, from: &rest))
        guard (17...Self.longestSecret + 16).contains(rest.count) else { throw .malformed }
        self.ciphertext = Array(rest)
    }

    /// What the header MAC is made over.
    static func header(stanzas: [Stanza], commitment: [UInt8]) -> [UInt8] {
        var bytes = Self.magic
        bytes.append(UInt8(stanzas.count))
        for stanza in stanzas {
            bytes += stanza.recipient.value.bigEndianBytes
            bytes += stanza.suite.bigEndianBytes
            bytes += UInt16(stanza.sealedKey.count).bigEndianBytes
            bytes += stanza.sealedKey
        }
        return bytes + commitment
    }

    /// The record as it is stored.
    package var bytes: [UInt8] {
        Self.header(stanzas: self.stanzas, commitment: self.commitment) + self.headerMAC + self.nonce + self.ciphertext
    }

    private static func take(_ count: Int, from rest: inout ArraySlice<UInt8>) throws(SealError) -> ArraySlice<UInt8> {
        guard rest.count >= count else { throw .malformed }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private static func number(_ count: Int, from rest: inout ArraySlice<UInt8>) throws(SealError) -> Int {
        try Self.take(count, from: &rest).reduce(0) { $0 << 8 | Int($1) }
    }
}
