import EscrowAPI

/// A body that people and clients send. Its fields are known, and no others are accepted.
protocol CallerRequest: Decodable {
    /// The names of all fields.
    static var fields: Set<String> { get }
}

extension RevealRequest: CallerRequest {
    static let fields: Set = ["keyId", "volumeId", "reason", "ticket", "comment"]
}

extension RotateRequest: CallerRequest {
    static let fields: Set = ["volumeId", "trigger"]
}

extension LegalHoldRequest: CallerRequest {
    static let fields: Set = ["hold"]
}

extension CreateTokenRequest: CallerRequest {
    static let fields: Set = ["name", "role", "groups", "expiresAt"]
}

extension CreateEnrolmentTokenRequest: CallerRequest {
    static let fields: Set = ["name", "group", "maximumUses", "expiresAt"]
}

extension SetUpBreakGlassRequest: CallerRequest {
    static let fields: Set = ["id", "shares", "threshold", "role", "windowSeconds", "salt", "verifier"]
}

extension CompromiseRequest: CallerRequest {
    static let fields: Set = ["deviceId", "group", "disclosedTo", "since", "perMinute", "dryRun"]
}

extension OpenBreakGlassRequest: CallerRequest {
    static let fields: Set = ["shares", "reason", "ticket"]
}

extension ChangeMasterKeyRequest: CallerRequest {
    static let fields: Set = ["masterKey"]
}

extension ApprovalRequest: CallerRequest {
    static let fields: Set = ["deviceId", "keyId", "volumeId", "reason", "ticket", "comment"]
}

extension MoveDeviceRequest: CallerRequest {
    static let fields: Set = ["group"]
}

extension RotateKeyringRequest: CallerRequest {
    static let fields: Set = ["suite"]
}

extension AddRecoveryKeyRequest: CallerRequest {
    static let fields: Set = ["publicKey"]
}

extension InviteRequest: CallerRequest {
    static let fields: Set = ["userName", "name", "role", "groups"]
}

/// A body after its field names were checked.
struct Strict<Body: CallerRequest>: Decodable {
    let body: Body

    init(from decoder: any Decoder) throws {
        for key in try decoder.container(keyedBy: AnyKey.self).allKeys where !Body.fields.contains(key.stringValue) {
            // The name is not echoed when it is not one, as a secret in the wrong place would not be.
            let path = key.isName ? decoder.codingPath + [key] : decoder.codingPath
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: path,
                    debugDescription: "is not a field of this request; the fields are "
                        + Body.fields.sorted().joined(separator: ", ")
                )
            )
        }
        self.body = try Body(from: decoder)
    }
}

private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }

    /// Whether it looks like a field's name: short, and letters only.
    var isName: Bool {
        (1...40).contains(self.stringValue.utf8.count) && self.stringValue.allSatisfy { $0.isASCII && $0.isLetter }
    }
}
