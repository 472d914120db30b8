import Crypto
import EscrowModel
package import FoundationEssentials

/// The key that a webhook's requests are signed with, by the rules of Standard Webhooks, version 1.
///
/// Its libraries check them in most languages: https://www.standardwebhooks.com.
package struct WebhookSecret: Sendable {
    /// Why a text is no such key.
    package struct Unusable: Error, CustomStringConvertible {
        /// A clause for people; it has nothing of the key.
        package let description: String
    }

    private let key: SymmetricKey

    /// Reads a key: `whsec_` and the Base64 of 24 to 64 bytes, or else 24 to 64 bytes as they are.
    package init(_ text: some ContiguousBytes) throws(Unusable) {
        let prefix = Array("whsec_".utf8)
        let bytes = text.withUnsafeBytes { Data($0) }
        guard bytes.starts(with: prefix) else {
            try self.init(key: bytes)
            return
        }
        guard let decoded = Data(base64Encoded: bytes.dropFirst(prefix.count)) else {
            throw Unusable(description: "what follows whsec_ is not Base64")
        }
        try self.init(key: decoded)
    }

    private init(key: Data) throws(Unusable) {
        guard (24...64).contains(key.count) else {
            throw Unusable(
                description: "it has \(key.count) bytes and must have 24 to 64, such as `openssl rand -base64 32` makes"
            )
        }
        self.key = SymmetricKey(data: key)
    }

    /// The value of `webhook-signature`: HMAC-SHA256 over the message's ID, its time and its body with dots between them.
    package func signature(id: String, seconds: Int64, body: [UInt8]) -> String {
        var code = HMAC<SHA256>(key: self.key)
        code.update(data: Array("\(id).\(seconds).".utf8))
        code.update(data: body)
        return "v1," + Data(code.finalize()).base64EncodedString()
    }
}
