/// What the service can answer instead of a result. The server translates it once, exhaustively.
package enum EscrowError: Error, Equatable, Sendable {
    /// Something sent cannot be accepted, and nothing was changed. The field is a path such as `volumes[0].kind`.
    case invalid(field: String, problem: String)
    /// The caller is not who they say, or their credential has ended.
    case notAuthenticated
    /// The caller knows that the thing exists but may not do this. The rule is in the audit log, not here.
    case denied
    /// The caller signed in too long ago for this; it can be done after they have signed in again.
    case signInTooOld
    /// There is no such thing, or the caller may not know that there is.
    case notFound
    /// The state of things does not allow it; the code is for programs, the problem for people.
    case conflict(code: String, problem: String)
    /// The secret was there, and its retention has ended.
    case purged
    /// A limit of disclosures is reached; the next is possible after so many seconds.
    case limitReached(retryAfterSeconds: Int)
    /// The server cannot do it now; try again after so many seconds.
    case unavailable(retryAfterSeconds: Int)
    /// Break-glass shares do not open anything; the record says why.
    case sharesRefused
    /// Too many tries; try again after so many seconds.
    case tooManyTries(retryAfterSeconds: Int)
    /// Too few witnesses have cosigned the audit log lately, and without them nothing is disclosed.
    case witnessesMissing
    /// A stored secret does not open. The caller can only be told that it is so; the record says which.
    case sealBroken
    /// This server only takes deposits: it has nothing that opens a secret or changes the keyring.
    case ingestOnly
}
