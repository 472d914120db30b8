import Crypto
import CryptoExtras
import EscrowModel
import Foundation
import JWTKit
import SignIn
import Testing

/// ID tokens: the one that is fine, and each attack.
struct IDTokenTests {
    let provider = TestProvider()

    /// What is wrong with a token; nil when nothing is.
    private func problem(
        _ token: String,
        _ keys: ProviderKeys? = nil,
        _ expectation: IDTokenExpectation = TestProvider.expectation
    ) async throws -> TokenProblem? {
        let keys = try keys ?? self.provider.keys
        do throws(TokenProblem) {
            _ = try await expectation.claims(of: SignedToken(token), by: keys, at: TestProvider.now)
            return nil
        } catch {
            return error
        }
    }

    private func problem(_ changes: [String: Any?], header: [String: Any?] = [:]) async throws -> TokenProblem? {
        try await self.problem(self.provider.token(TestProvider.claims(changes), header: header))
    }

    @Test("a token that is as expected is believed, whatever its audience is written as")
    func right() async throws {
        #expect(try await self.problem([:]) == nil)
        #expect(try await self.problem(["aud": ["sparekey"]]) == nil)
        #expect(try await self.problem(["aud": ["sparekey", "other"], "azp": "sparekey"]) == nil)
        #expect(try await self.problem([:], header: ["typ": nil]) == nil)
        #expect(try await self.problem([:], header: ["kid": nil]) == nil, "there is one key, so it is that")
    }

    @Test("a token without a signature is refused", arguments: ["none", "None", "NONE", "nOnE", ""])
    func unsigned(algorithm: String) async throws {
        let input = try self.provider.input(TestProvider.claims(), ["alg": algorithm])
        #expect(try await self.problem(input + ".") == .algorithm)
        let signed = try self.provider.token(header: ["alg": algorithm])
        #expect(try await self.problem(signed) == .algorithm)
    }

    @Test("a token signed with the public key as a shared secret is refused", arguments: ["HS256", "HS384", "HS512"])
    func sharedSecret(algorithm: String) async throws {
        let input = try self.provider.input(TestProvider.claims(), ["alg": algorithm])
        let pem = SymmetricKey(data: Data(self.provider.key.publicKey.pemRepresentation.utf8))
        let code = Array(HMAC<SHA256>.authenticationCode(for: Data(input.utf8), using: pem))
        #expect(try await self.problem("\(input).\(Base64URL.encode(code))") == .algorithm)
    }

    @Test("a symmetric key that the provider publishes verifies nothing")
    func symmetricKey() async throws {
        let keys = try TestProvider.keys([["kty": "oct", "kid": "one", "k": "c2VjcmV0", "alg": "HS256"]])
        #expect(try await self.problem(self.provider.token(), keys) == .unknownKey)
    }

    @Test("another one's signature, a changed token and a cut one are refused")
    func signature() async throws {
        let forged = try TestProvider(kid: "one").token()
        #expect(try await self.problem(forged) == .signature)
        let parts = try self.provider.token().split(separator: ".").map(String.init)
        let other = try self.provider.token(TestProvider.claims(["sub": "1"])).split(separator: ".").map(String.init)
        #expect(try await self.problem("\(parts[0]).\(other[1]).\(parts[2])") == .signature)
        #expect(try await self.problem("\(parts[0]).\(parts[1])") == .malformed)
        #expect(try await self.problem("\(parts[0]).\(parts[1]).") == .malformed)
        #expect(try await self.problem("") == .malformed)
    }

    @Test("a key that is not published, or is for something else, is not looked for elsewhere")
    func unknownKey() async throws {
        #expect(try await self.problem(self.provider.token(), TestProvider(kid: "two").keys) == .unknownKey)
        var jwk = self.provider.jwk
        jwk["use"] = "enc"
        #expect(try await self.problem(self.provider.token(), TestProvider.keys([jwk])) == .unknownKey)
        jwk["use"] = "sig"
        jwk["alg"] = "ES384"
        #expect(try await self.problem(self.provider.token(), TestProvider.keys([jwk])) == .unknownKey)
    }

    @Test("a key ID that two keys have, or a path for one, opens nothing")
    func keyConfusion() async throws {
        let other = TestProvider(kid: "one")
        let both = try TestProvider.keys([self.provider.jwk, other.jwk])
        #expect(try await self.problem(self.provider.token(), both) == .unknownKey)
        #expect(try await self.problem([:], header: ["kid": "../../one"]) == .unknownKey)
        #expect(try await self.problem([:], header: ["kid": ["one"]]) == .malformed)
        let two = try TestProvider.keys([self.provider.jwk, TestProvider(kid: "two").jwk])
        #expect(try await self.problem(self.provider.token(header: ["kid": nil]), two) == .unknownKey)
        #expect(try await self.problem(self.provider.token(header: ["kid": "two"]), two) == .signature)
    }

    @Test("a key that the token brings or points to is not used", arguments: ["jwk", "jku", "x5u", "x5c"])
    func ownKey(header: String) async throws {
        let attacker = TestProvider(kid: "one")
        let value: Any =
            switch header {
            case "jwk": attacker.jwk
            case "x5c": ["MIIB"]
            default: "https://attacker.example/keys"
            }
        #expect(try await self.problem(attacker.token(header: [header: value])) == .signature)
        #expect(try await self.problem([:], header: [header: value]) == nil, "and a right token is none the worse")
    }

    @Test("a header that must be understood is not passed over, and other tokens are no ID tokens")
    func types() async throws {
        #expect(try await self.problem([:], header: ["crit": ["b64"], "b64": false]) == .type)
        #expect(try await self.problem([:], header: ["typ": "logout+jwt"]) == .type)
        #expect(try await self.problem([:], header: ["typ": "at+jwt"]) == .type)
    }

    @Test("another issuer is refused, however like it is")
    func issuer() async throws {
        for issuer in ["https://idp.example.com", TestProvider.issuer + "/", "HTTPS://idp.example.com/realms/one"] {
            #expect(try await self.problem(["iss": issuer]) == .issuer)
        }
        #expect(try await self.problem(["iss": nil]) == .issuer)
    }

    @Test("a token for somebody else is refused, and one of several that another asked for")
    func audience() async throws {
        #expect(try await self.problem(["aud": "other"]) == .audience)
        #expect(try await self.problem(["aud": nil]) == .audience)
        #expect(try await self.problem(["aud": [String]()]) == .audience)
        #expect(try await self.problem(["aud": ["sparekey", "other"]]) == .audience)
        #expect(try await self.problem(["azp": "other"]) == .audience)
    }

    @Test("a token holds from its beginning to its end, and a minute on either side")
    func times() async throws {
        let now = Int(TestProvider.now.milliseconds / 1000)
        #expect(try await self.problem(["exp": now - 59]) == nil)
        #expect(try await self.problem(["exp": now - 60]) == .expired)
        #expect(try await self.problem(["exp": nil]) == .expired)
        #expect(try await self.problem(["exp": "\(now + 300)"]) == .expired)
        #expect(try await self.problem(["nbf": now + 59]) == nil)
        #expect(try await self.problem(["nbf": now + 61]) == .notYetValid)
        #expect(try await self.problem(["iat": now + 61]) == .notYetValid)
        #expect(try await self.problem(["iat": nil]) == .notYetValid)
        #expect(try await self.problem(["exp": 1e300]) == .expired)
    }

    @Test("the nonce of another sign-in, or none, is refused")
    func nonce() async throws {
        #expect(try await self.problem(["nonce": "n-2"]) == .nonce)
        #expect(try await self.problem(["nonce": nil]) == .nonce)
    }

    @Test("without a subject there is nobody", arguments: ["", "a\u{0}b", "käse", String(repeating: "x", count: 256)])
    func subject(text: String) async throws {
        #expect(try await self.problem(["sub": text]) == .subject)
        #expect(try await self.problem(["sub": nil]) == .subject)
        #expect(try await self.problem(["sub": 4711]) == .subject)
    }

    @Test("the hash of another access token is refused")
    func accessToken() async throws {
        var expectation = TestProvider.expectation
        expectation.accessToken = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
        // OpenID Connect Core 1.0, section A.6.
        let right = try self.provider.token(TestProvider.claims(["at_hash": "77QmUPtjPfzWtF2AnpK9RQ"]))
        #expect(try await self.problem(right, nil, expectation) == nil)
        let wrong = try self.provider.token(TestProvider.claims(["at_hash": "77QmUPtjPfzWtF2AnpK9RR"]))
        #expect(try await self.problem(wrong, nil, expectation) == .accessTokenHash)
        let odd = try self.provider.token(TestProvider.claims(["at_hash": 7]))
        #expect(try await self.problem(odd, nil, expectation) == .accessTokenHash)
    }

    @Test("where a fresh sign-in is wanted, an old one and one of unknown age are refused")
    func fresh() async throws {
        var expectation = TestProvider.expectation
        expectation.authenticatedSince = TestProvider.now
        let now = Int(TestProvider.now.milliseconds / 1000)
        for (time, expected) in [(now, nil), (now - 59, nil), (now - 61, TokenProblem.authenticationTime)] {
            let token = try self.provider.token(TestProvider.claims(["auth_time": time]))
            #expect(try await self.problem(token, nil, expectation) == expected)
        }
        #expect(try await self.problem(self.provider.token(), nil, expectation) == .authenticationTime)
        let future = try self.provider.token(TestProvider.claims(["auth_time": now + 3600]))
        #expect(try await self.problem(future, nil, expectation) == .authenticationTime)
    }

    @Test("where a kind of sign-in is wanted, another one is refused")
    func context() async throws {
        var expectation = TestProvider.expectation
        expectation.contexts = ["mfa", "phr"]
        let right = try self.provider.token(TestProvider.claims(["acr": "phr"]))
        #expect(try await self.problem(right, nil, expectation) == nil)
        #expect(try await self.problem(self.provider.token(), nil, expectation) == .authenticationContext)
        let weak = try self.provider.token(TestProvider.claims(["acr": "pwd"]))
        #expect(try await self.problem(weak, nil, expectation) == .authenticationContext)
    }

    @Test("every algorithm of ours verifies, and a signature of another one does not")
    func algorithms() async throws {
        let rsa = try Insecure.RSA.PrivateKey(backing: _RSA.Signing.PrivateKey(keySize: .bits2048))
        let ed = Curve25519.Signing.PrivateKey()
        let modulus = try rsa.publicKey.getKeyPrimitives()
        let published: [[String: Any]] = [
            [
                "kty": "RSA", "kid": "rsa", "n": Base64URL.encode(Array(modulus.modulus)),
                "e": Base64URL.encode(Array(modulus.publicExponent)),
            ],
            [
                "kty": "OKP", "crv": "Ed25519", "kid": "ed",
                "x": Base64URL.encode(Array(ed.publicKey.rawRepresentation)),
            ],
        ]
        let keys = try TestProvider.keys(published)
        let signers = JWTKeyCollection()
        await signers.add(rsa: rsa, digestAlgorithm: .sha256, kid: "rsa")
        await signers.add(eddsa: EdDSA.PrivateKey(backing: ed), kid: "ed")
        let json = try JSONSerialization.data(withJSONObject: TestProvider.claims())
        let claims = try JSONDecoder().decode(Claims.self, from: json)
        for kid in ["rsa", "ed"] {
            let token = try await signers.sign(claims, kid: JWKIdentifier(string: kid))
            #expect(try await self.problem(token, keys) == nil, "\(kid)")
            let forged = try self.provider.token(header: ["kid": kid, "alg": kid == "rsa" ? "PS256" : "EdDSA"])
            #expect(try await self.problem(forged, keys) == .signature, "\(kid)")
        }
    }
}
