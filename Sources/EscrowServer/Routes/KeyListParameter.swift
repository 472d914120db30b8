import BitLocker
import EscrowModel

/// The query parameters of `GET …/keys`.
enum KeyListParameter: String, CaseIterable, Hashable, Sendable {
    case status
    case reason
    case deviceName
    case serial
    case owner
    case group
    case volumeType
    case proof
    case keyId
    case deviceId
    case minAgeDays
    case maxAgeDays
    case depositedBefore
    case depositedSince
    case cursor
    case limit
}

extension KeyFilter {
    /// Reads the filter that a query describes.
    ///
    /// - Parameter now: from when ages count.
    init(_ query: QueryParameters<KeyListParameter>, scope: Scope, now: Timestamp) throws {
        self.init(scope: scope)
        self.status = try query.word(.status)
        self.reason = try query.word(.reason)
        self.deviceName = try query.text(.deviceName)
        self.serial = try query.text(.serial)
        self.owner = try query.text(.owner)
        self.group = try query.text(.group)
        self.volumeKind = try query.word(.volumeType)
        self.proof = try query.word(.proof)
        self.device = try query.guid(.deviceId)
        if let text = query.raw(.keyId) {
            guard let keyID = KeyFilter.KeyID(readOut: text) else {
                throw Problem.invalid(
                    field: KeyListParameter.keyId.rawValue,
                    "must be a Key ID: the 8 hexadecimal digits of the recovery screen, or all 32 as a GUID"
                )
            }
            self.keyID = keyID
        }
        self.depositedBefore = try Self.moment(query, .depositedBefore, orDays: .minAgeDays, before: now)
        self.depositedSince = try Self.moment(query, .depositedSince, orDays: .maxAgeDays, before: now)
    }

    private static func moment(
        _ query: QueryParameters<KeyListParameter>,
        _ name: KeyListParameter,
        orDays days: KeyListParameter,
        before now: Timestamp
    ) throws -> Timestamp? {
        guard let count = try query.integer(days, in: 0...36_500) else { return try query.timestamp(name) }
        guard !query.has(name) else {
            throw Problem.invalid(field: days.rawValue, "and \(name.rawValue) say the same thing; give one of them")
        }
        return now - .days(Int64(count))
    }
}

extension KeyFilter.KeyID {
    /// Reads a Key ID as people read it out and copy it: in either case, with or without braces, spaces and dashes.
    init?(readOut text: String) {
        guard text.utf8.count <= 64 else { return nil }
        let digits = text.filter { !$0.isWhitespace && !"{}-".contains($0) }
        guard digits.utf8.allSatisfy({ Self.isHexDigit($0) }) else { return nil }
        switch digits.utf8.count {
        case 8:
            guard let prefix = UInt32(digits, radix: 16) else { return nil }
            self = .prefix(prefix)
        case 32:
            guard let high = UInt64(digits.prefix(16), radix: 16), let low = UInt64(digits.suffix(16), radix: 16) else {
                return nil
            }
            self = .full(GUID(high: high, low: low))
        default:
            return nil
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
