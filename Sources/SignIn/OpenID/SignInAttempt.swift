package import BitLocker
package import Crypto
package import EscrowModel
import FoundationEssentials
import Synchronization

/// A sign-in that somebody has begun, and finishes when the provider leads their browser back.
package struct SignInAttempt: Equatable, Sendable {
    /// What goes to the provider and comes back.
    package let state: String
    /// What must be in the ID token.
    package let nonce: String
    /// What shows at the token endpoint that it is us who began (PKCE).
    package let verifier: String
    /// When it was begun.
    package let begunAt: Timestamp
    /// The session whose person is to sign in again; nil for a first sign-in.
    package let again: GUID?
    /// Where it leads.
    package let target: String

    /// What the provider is told of ``verifier`` beforehand (RFC 7636, S256).
    package var challenge: String { Base64URL.encode(SHA256.hash(data: Array(self.verifier.utf8))) }
}

/// The sign-ins under way. Nothing is kept of one before it comes back: what must be known then is sealed into its `state`,
/// under a key of this process, bound to the cookie of the browser that began it. So nobody can have them forgotten by beginning
/// many. What came back is kept until it is over: each comes back once.
package final class SignInAttempts: Sendable {
    /// Why one cannot be finished.
    package enum Problem: String, Error, CaseIterable, Sendable {
        /// It was begun by another browser, by another server, or never.
        case unknown
        /// It took too long.
        case over
        /// It was finished before.
        case used
    }

    private static let capacity = 10_000
    private let key: SymmetricKey
    private let patience: TimeSpan
    private let used = Mutex<[[UInt8]: Timestamp]>([:])

    /// Makes the sign-ins of one process.
    ///
    /// - Parameter patience: how long one may take.
    package init(patience: TimeSpan, key: SymmetricKey = SymmetricKey(size: .bits256)) {
        self.patience = patience
        self.key = key
    }

    /// Begins one.
    ///
    /// - Parameters:
    ///   - target: where it leads, checked.
    ///   - again: the session whose person is to sign in again.
    ///   - step: the hash of the cookie of the browser.
    package func begin(to target: String, again: GUID? = nil, step: [UInt8], at now: Timestamp) -> SignInAttempt? {
        var generator = SystemRandomNumberGenerator()
        let seed = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        var content = withUnsafeBytes(of: now.milliseconds.bigEndian) { Array($0) } + seed
        content.append(again == nil ? 0 : 1)
        if let again { content += Array(again.description.utf8) }
        content += Array(target.utf8)
        guard let box = try? AES.GCM.seal(content, using: self.key, authenticating: step).combined else { return nil }
        return self.attempt(Base64URL.encode(box), seed, now, again, target)
    }

    /// Finishes one, once.
    package func finish(_ state: String, step: [UInt8], at now: Timestamp) throws(Problem) -> SignInAttempt {
        guard state.utf8.count <= 4096, let bytes = Base64URL.decode(state),
            let box = try? AES.GCM.SealedBox(combined: bytes),
            let opened = try? AES.GCM.open(box, using: self.key, authenticating: step)
        else { throw .unknown }
        let content = Array(opened)
        let idLength = 36
        guard content.count >= 41, content[40] == 0 || content.count >= 41 + idLength else { throw .unknown }
        let begun = Timestamp(milliseconds: content[..<8].reduce(Int64(0)) { $0 << 8 | Int64($1) })
        guard now < begun + self.patience else { throw .over }
        guard self.use(Array(SHA256.hash(data: bytes)), until: begun + self.patience, at: now) else { throw .used }
        let rest = content[41...]
        let again = content[40] == 0 ? nil : GUID(String(decoding: rest.prefix(idLength), as: UTF8.self))
        let target = String(decoding: content[40] == 0 ? rest : rest.dropFirst(idLength), as: UTF8.self)
        return self.attempt(state, Array(content[8..<40]), begun, again, target)
    }

    private func attempt(
        _ state: String,
        _ seed: [UInt8],
        _ begun: Timestamp,
        _ again: GUID?,
        _ target: String
    ) -> SignInAttempt {
        SignInAttempt(
            state: state,
            nonce: self.derived("nonce", seed),
            verifier: self.derived("verifier", seed),
            begunAt: begun,
            again: again,
            target: target
        )
    }

    private func derived(_ purpose: String, _ seed: [UInt8]) -> String {
        let message = Array("sparekey/openid/v1/\(purpose)\n".utf8) + seed
        return Base64URL.encode(HMAC<SHA256>.authenticationCode(for: message, using: self.key))
    }

    /// Only what this process sealed comes here, and only from the browser that it was sealed for; a full book loses the oldest.
    private func use(_ hash: [UInt8], until: Timestamp, at now: Timestamp) -> Bool {
        self.used.withLock { used in
            guard used[hash] == nil else { return false }
            if used.count >= Self.capacity { used = used.filter { now < $0.value } }
            if used.count >= Self.capacity, let oldest = used.min(by: { $0.value < $1.value })?.key {
                used[oldest] = nil
            }
            used[hash] = until
            return true
        }
    }
}
