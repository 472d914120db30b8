import Crypto
import EscrowModel
import Foundation
import JWTKit
import SignIn

/// A provider that signs whatever a test wants, with keys of its own.
struct TestProvider {
    static let issuer = "https://idp.example.com/realms/one"
    static let clientID = "sparekey"
    static let now = Timestamp(seconds: 1_800_000_000)

    let key: P256.Signing.PrivateKey
    let kid: String

    init(kid: String = "one") {
        self.key = P256.Signing.PrivateKey()
        self.kid = kid
    }

    /// The public half as the provider publishes it.
    var jwk: [String: Any] {
        let raw = Array(self.key.publicKey.rawRepresentation)
        return [
            "kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig", "alg": "ES256",
            "x": Base64URL.encode(raw.prefix(32)), "y": Base64URL.encode(raw.suffix(32)),
        ]
    }

    /// What the provider publishes.
    var keys: ProviderKeys { get throws { try Self.keys([self.jwk]) } }

    static func keys(_ jwks: [[String: Any]]) throws -> ProviderKeys {
        let json = try JSONSerialization.data(withJSONObject: ["keys": jwks])
        guard let keys = ProviderKeys(json: Array(json)) else { throw TokenProblem.malformed }
        return keys
    }

    /// The claims of an ID token that is fine.
    static func claims(_ changes: [String: Any?] = [:]) -> [String: Any] {
        let now = Int(Self.now.milliseconds / 1000)
        var claims: [String: Any] = [
            "iss": Self.issuer, "aud": Self.clientID, "sub": "4711", "exp": now + 300, "iat": now, "nonce": "n-1",
        ]
        for (name, value) in changes { claims[name] = value }
        return claims
    }

    /// A token with this header and these claims.
    func token(_ claims: [String: Any] = Self.claims(), header changes: [String: Any?] = [:]) throws -> String {
        let input = try self.input(claims, changes)
        let signature = try self.key.signature(for: Data(input.utf8))
        return "\(input).\(Base64URL.encode(Array(signature.rawRepresentation)))"
    }

    /// What is signed of a token.
    func input(_ claims: [String: Any], _ changes: [String: Any?] = [:]) throws -> String {
        var header: [String: Any] = ["alg": "ES256", "typ": "JWT", "kid": self.kid]
        for (name, value) in changes { header[name] = value }
        return try [header, claims].map { part in
            Base64URL.encode(Array(try JSONSerialization.data(withJSONObject: part, options: .sortedKeys)))
        }.joined(separator: ".")
    }

    /// What a sign-in expects of a token.
    static var expectation: IDTokenExpectation {
        IDTokenExpectation(issuer: Self.issuer, clientID: Self.clientID, nonce: "n-1")
    }
}
