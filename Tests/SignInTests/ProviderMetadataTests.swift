import Foundation
import SignIn
import Testing

/// What a provider says of itself.
struct ProviderMetadataTests {
    private func problem(_ changes: [String: Any?], of issuer: String = "https://idp.example.com") -> ProviderMetadata
        .Problem?
    {
        var document: [String: Any] = [
            "issuer": "https://idp.example.com", "authorization_endpoint": "https://idp.example.com/a",
            "token_endpoint": "https://login.example.com/t", "jwks_uri": "https://idp.example.com/k",
        ]
        for (name, value) in changes { document[name] = value }
        do throws(ProviderMetadata.Problem) {
            let json = (try? JSONSerialization.data(withJSONObject: document)) ?? Data()
            _ = try ProviderMetadata(json: Array(json), of: issuer)
            return nil
        } catch {
            return error
        }
    }

    @Test("an issuer is who it says it is, to the letter")
    func issuer() {
        #expect(self.problem([:]) == nil)
        for other in ["https://idp.example.com/", "https://IDP.example.com", "https://attacker.example", ""] {
            #expect(self.problem(["issuer": other]) == .otherIssuer)
        }
        #expect(self.problem(["issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"]) == .otherIssuer)
    }

    @Test("what is needed must be there, and what the provider cannot do is noticed")
    func incomplete() {
        for name in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
            #expect(self.problem([name: nil]) == .incomplete)
        }
        #expect(self.problem(["response_types_supported": ["id_token"]]) == .unable)
        #expect(self.problem(["code_challenge_methods_supported": ["plain"]]) == .unable)
    }

    @Test(
        "no address is without TLS, but on this machine",
        arguments: [
            "http://idp.example.com/k", "ftp://idp.example.com/k", "javascript:alert(1)", "https://",
            "//idp.example.com",
            "https://a@b/k", "https://idp.example.com/k#x", "http://127.0.0.1.example.com/k", "http://127.0.0.1/k",
            "https://idp.example.com/\nk",
        ]
    )
    func insecure(address: String) {
        #expect(self.problem(["jwks_uri": address]) == .insecure)
        #expect(self.problem(["end_session_endpoint": address]) == .insecure)
    }

    @Test(
        "addresses on this machine need no TLS",
        arguments: [
            "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:80/x", "https://x",
        ]
    )
    func loopback(address: String) {
        #expect(ProviderMetadata.isSecure(address))
    }

    @Test("metadata are where the standard says")
    func address() {
        for issuer in ["https://idp.example.com/realms/one", "https://idp.example.com/realms/one/"] {
            let expected = "https://idp.example.com/realms/one/.well-known/openid-configuration"
            #expect(ProviderMetadata.address(of: issuer) == expected)
        }
    }
}
