import EscrowModel
package import JWTKit

/// What a provider says of somebody: the claims of a token whose signature was verified, or of its user info.
package struct Claims: Equatable, Sendable {
    /// The claims by their names.
    package var members: [String: ClaimValue]

    /// Takes claims.
    package init(_ members: [String: ClaimValue]) { self.members = members }

    /// A claim by its name, or by a path of names with dots between, such as Keycloak's `realm_access.roles`.
    ///
    /// A claim whose own name has dots in it, as a URL has, is found by that first.
    package subscript(path path: String) -> ClaimValue? {
        if let value = self.members[path] { return value }
        var members = self.members
        var found: ClaimValue?
        for name in path.split(separator: ".", omittingEmptySubsequences: false) {
            guard let next = members[String(name)] else { return nil }
            found = next
            members = next.members ?? [:]
        }
        return found
    }

    /// The text of a claim.
    func text(_ path: String) -> String? { self[path: path]?.text }

    /// A moment (RFC 7519's NumericDate); nil when there is none, or one out of all reason.
    func time(_ name: String) -> Timestamp? {
        guard case .number(let seconds)? = self.members[name], (0...253_402_300_799).contains(seconds) else {
            return nil
        }
        return Timestamp(milliseconds: Int64(seconds * 1000))
    }
}

extension Claims: JWTPayload {
    package init(from decoder: any Decoder) throws {
        self.members = try decoder.singleValueContainer().decode([String: ClaimValue].self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.members)
    }

    /// Nothing: claims are judged after the signature, with a clock that is handed in.
    package func verify(using algorithm: some JWTAlgorithm) {}
}
