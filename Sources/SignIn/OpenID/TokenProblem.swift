/// Why a provider's token is not believed, in the words of the audit log.
package enum TokenProblem: String, Error, CaseIterable, Sendable {
    /// It is no compact JWS of JSON.
    case malformed
    /// It is unsigned, signed with a shared secret, or by an algorithm that is not among ours.
    case algorithm
    /// It wants something understood (`crit`) that we do not know, or is of another type than was asked for.
    case type
    /// The provider publishes no such key.
    case unknownKey
    /// The signature is not by the key.
    case signature
    /// It is another issuer's.
    case issuer
    /// It is for somebody else.
    case audience
    /// It has no subject, or one that is none.
    case subject
    /// It is over.
    case expired
    /// It begins later, or was issued later than now.
    case notYetValid
    /// It belongs to another sign-in.
    case nonce
    /// It belongs to another access token.
    case accessTokenHash
    /// The sign-in at the provider is older than was asked for, or it does not say when it was.
    case authenticationTime
    /// The sign-in was of another kind than was asked for.
    case authenticationContext
    /// It is no logout token.
    case event
    /// It was here before.
    case replayed
}
