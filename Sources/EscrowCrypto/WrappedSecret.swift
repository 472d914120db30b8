package import BitLocker
package import Crypto
import FoundationEssentials

/// AES-256-GCM with a random nonce, for the few secrets that a keyring holds: nonce (12), ciphertext, tag (16).
enum WrappedSecret {
    /// Encrypts bytes, bound to what they are for; nil when the library refuses.
    static func wrap(
        _ secret: some DataProtocol,
        under key: SymmetricKey,
        authenticating context: [UInt8]
    ) -> [UInt8]? {
        (try? AES.GCM.seal(secret, using: key, authenticating: context))?.combined.map { Array($0) }
    }

    /// Decrypts bytes that were encrypted under the key and context, else nil.
    static func unwrap(
        _ wrapped: some DataProtocol,
        under key: SymmetricKey,
        authenticating context: [UInt8]
    ) -> SymmetricKey? {
        guard let box = try? AES.GCM.SealedBox(combined: wrapped),
            var opened = try? AES.GCM.open(box, using: key, authenticating: context)
        else { return nil }
        defer { opened.wipe() }
        return SymmetricKey(data: opened)
    }
}

extension SymmetricKey {
    /// The same bytes in the type that cannot be copied.
    var secretBytes: SecretBytes {
        SecretBytes(count: self.bitCount / 8) { storage in
            self.withUnsafeBytes { storage.copyMemory(from: $0) }
        }
    }
}

extension SecretBytes {
    /// The same bytes as a key; wiped by Crypto when its last copy goes.
    package var key: SymmetricKey { self.withUnsafeBytes { SymmetricKey(data: $0) } }
}
