import EscrowModel

/// The address at the provider where somebody signs in.
package enum AuthorizationRequest {
    /// Makes it.
    ///
    /// - Parameter language: the page's language.
    package static func address(
        of attempt: SignInAttempt,
        _ metadata: ProviderMetadata,
        _ settings: OpenIDSettings,
        language: String
    ) -> String {
        var fields: [(String, String)] = [
            ("response_type", "code"),
            ("client_id", settings.clientID),
            ("redirect_uri", settings.redirectURI),
            ("scope", settings.scopes),
            ("state", attempt.state),
            ("nonce", attempt.nonce),
            ("code_challenge", attempt.challenge),
            ("code_challenge_method", "S256"),
            ("ui_locales", language),
        ]
        if attempt.again != nil {
            fields += [("prompt", "login"), ("max_age", "0")]
        } else if let age = settings.maximumAge {
            fields.append(("max_age", String(age.milliseconds / 1000)))
        }
        if !settings.contexts.isEmpty { fields.append(("acr_values", settings.contexts.joined(separator: " "))) }
        return metadata.authorizationEndpoint.adding(fields)
    }
}

extension String {
    /// An address with fields in its query, beside those that it has.
    package func adding(_ fields: [(String, String)]) -> String {
        self + (self.contains("?") ? "&" : "?") + FormEncoding.text(fields)
    }
}

/// Fields as forms send them (`application/x-www-form-urlencoded`).
package enum FormEncoding {
    /// Writes fields.
    package static func text(_ fields: [(String, String)]) -> String {
        fields.map { "\(Self.escaped($0))=\(Self.escaped($1))" }.joined(separator: "&")
    }

    /// One name or value.
    package static func escaped(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
