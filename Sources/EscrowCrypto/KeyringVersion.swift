package import EscrowModel

/// One key pair of a keyring.
package struct KeyringVersion: Sendable, Equatable {
    /// How far a key pair's life has come.
    package enum State: String, CaseIterable, Sendable {
        /// Made, and not yet used: servers may still have to learn of it.
        case pending
        /// New secrets are sealed to it.
        case active
        /// Opens what was sealed to it, and nothing new is.
        case openOnly
        /// The private half is gone; what only it opened is gone too.
        case destroyed

        /// Whether a key pair can go from this state to another.
        package func canBecome(_ other: State) -> Bool {
            switch (self, other) {
            case (.pending, .active), (.active, .openOnly), (.pending, .destroyed), (.openOnly, .destroyed): true
            default: false
            }
        }
    }

    /// 1 for a keyring's first, one more for each further one.
    package let number: Int
    /// How far its life has come.
    package internal(set) var state: State
    /// The seal epoch from which on new secrets were sealed to it; nil for one that never was, and where the first format
    /// did not say.
    package internal(set) var sealsFrom: Int?
    /// The public half.
    package let recipient: Recipient
    /// When it was made.
    package let createdAt: Timestamp
    /// A known value sealed to the key when it was made.
    let canary: [UInt8]
    /// The private half under the root key; nil once destroyed.
    var wrappedPrivateKey: [UInt8]?
}
