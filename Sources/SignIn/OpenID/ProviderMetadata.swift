import FoundationEssentials

/// What a provider says of itself (OpenID Connect Discovery 1.0, RFC 8414), as far as we need it.
package struct ProviderMetadata: Equatable, Sendable {
    /// Why a provider cannot be used.
    package enum Problem: String, Error, CaseIterable, Sendable {
        /// It is no metadata, or some of what is needed lacks.
        case incomplete
        /// It names another issuer than the one that was asked.
        case otherIssuer
        /// It names an address without TLS.
        case insecure
        /// It cannot do what we do: the authorization code flow, PKCE with S256.
        case unable
    }

    /// How we say to it who we are.
    package enum ClientAuthentication: Equatable, Sendable {
        case basic
        case post
    }

    /// Where browsers are led.
    package let authorizationEndpoint: String
    /// Where a code becomes tokens.
    package let tokenEndpoint: String
    /// Where its public keys are.
    package let keysURI: String
    /// Where it tells more of somebody; nil when it does not.
    package let userInfoEndpoint: String?
    /// Where it signs people out; nil when it does not.
    package let endSessionEndpoint: String?
    /// How it wants the client secret.
    package let clientAuthentication: ClientAuthentication
    /// Whether its answers name their issuer (RFC 9207).
    package let namesIssuer: Bool

    private struct Document: Decodable {
        let issuer: String
        let authorizationEndpoint: String
        let tokenEndpoint: String
        let keysURI: String
        let userInfoEndpoint: String?
        let endSessionEndpoint: String?
        let responseTypes: [String]?
        let challengeMethods: [String]?
        let clientAuthenticationMethods: [String]?
        let namesIssuer: Bool?

        private enum CodingKeys: String, CodingKey {
            case issuer
            case authorizationEndpoint = "authorization_endpoint"
            case tokenEndpoint = "token_endpoint"
            case keysURI = "jwks_uri"
            case userInfoEndpoint = "userinfo_endpoint"
            case endSessionEndpoint = "end_session_endpoint"
            case responseTypes = "response_types_supported"
            case challengeMethods = "code_challenge_methods_supported"
            case clientAuthenticationMethods = "token_endpoint_auth_methods_supported"
            case namesIssuer = "authorization_response_iss_parameter_supported"
        }
    }

    /// Reads the document that an issuer published.
    package init(json: [UInt8], of issuer: String) throws(Problem) {
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(json)) else { throw .incomplete }
        guard document.issuer == issuer else { throw .otherIssuer }
        let addresses = [document.authorizationEndpoint, document.tokenEndpoint, document.keysURI]
        let optional = [document.userInfoEndpoint, document.endSessionEndpoint].compactMap(\.self)
        guard (addresses + optional).allSatisfy({ Self.isSecure($0, of: issuer) }) else { throw .insecure }
        guard document.responseTypes?.contains("code") ?? true,
            document.challengeMethods?.contains("S256") ?? true
        else { throw .unable }
        self.authorizationEndpoint = document.authorizationEndpoint
        self.tokenEndpoint = document.tokenEndpoint
        self.keysURI = document.keysURI
        self.userInfoEndpoint = document.userInfoEndpoint
        self.endSessionEndpoint = document.endSessionEndpoint
        let methods = document.clientAuthenticationMethods ?? ["client_secret_basic"]
        self.clientAuthentication =
            methods.contains("client_secret_basic") || !methods.contains("client_secret_post") ? .basic : .post
        self.namesIssuer = document.namesIssuer ?? false
    }

    /// Where an issuer publishes it.
    package static func address(of issuer: String) -> String {
        var issuer = issuer[...]
        while issuer.hasSuffix("/") { issuer.removeLast() }
        return issuer + "/.well-known/openid-configuration"
    }

    /// Whether an address can be an issuer's, or of one: with TLS, or on this machine.
    package static func isSecure(_ text: String) -> Bool {
        let isClean = text.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !text.contains("#") && !text.contains("\\")
        guard isClean else { return false }
        if text.hasPrefix("https://") { return Self.authority(of: text, scheme: "https://") != nil }
        guard text.hasPrefix("http://"), let authority = Self.authority(of: text, scheme: "http://") else {
            return false
        }
        let host =
            authority.hasPrefix("[")
            ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return host == "localhost" || host == "::1"
            || numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }

    /// An issuer with TLS has all its addresses with TLS.
    private static func isSecure(_ text: String, of issuer: String) -> Bool {
        Self.isSecure(text) && (text.hasPrefix("https://") || issuer.hasPrefix("http://"))
    }

    private static func authority(of text: String, scheme: String) -> Substring? {
        let authority = text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }
        return authority.isEmpty || authority.contains("@") ? nil : authority
    }
}
