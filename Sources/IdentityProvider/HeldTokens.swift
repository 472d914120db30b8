package import BitLocker
import Synchronization

/// An ID token while its person is signed in. It is wiped with its last owner.
package final class HeldToken: Sendable {
    private let bytes: SecretBytes

    /// Takes a token.
    init(_ text: String) { self.bytes = SecretBytes(copying: Array(text.utf8).span) }

    /// The token.
    func reveal() -> String { self.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
}

/// The ID tokens of those who are signed in, for the provider to know at sign-out whom it signs out.
///
/// In memory alone: neither the database nor a cookie has them. After a restart, and for those whom there is no room for, the
/// provider is told who asks (`client_id`) and may want the person to confirm.
package final class HeldTokens: Sendable {
    private static let capacity = 4096
    private let tokens = Mutex<(held: [GUID: HeldToken], order: [GUID])>(([:], []))

    init() {}

    /// Keeps the token of a session; the longest-held one makes room.
    package func keep(_ token: HeldToken, of session: GUID) {
        self.tokens.withLock { tokens in
            tokens.held[session] = token
            tokens.order.append(session)
            // Those that were taken are still in the order.
            while tokens.held.count > Self.capacity || tokens.order.count > 2 * Self.capacity {
                tokens.held[tokens.order.removeFirst()] = nil
            }
        }
    }

    /// Gives the token of a session away.
    func take(_ session: GUID) -> HeldToken? {
        self.tokens.withLock { $0.held.removeValue(forKey: session) }
    }
}
