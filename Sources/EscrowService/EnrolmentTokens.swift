package import BitLocker
import EscrowCrypto
package import EscrowModel
import EscrowPolicy
import EscrowStore

extension EscrowService {
    /// Makes an enrolment token. Its secret is returned this once and kept nowhere.
    ///
    /// - Parameters:
    ///   - id: the ID that it gets, for a form that may be sent twice: the second time it is refused. A random one when nil.
    ///   - maximumUses: 1 or more; nil for any number.
    package func createEnrolmentToken(
        id: GUID? = nil,
        name: String,
        group: String,
        maximumUses: Int?,
        expiresAt: Timestamp?,
        by caller: Caller
    ) async throws(EscrowError) -> (token: EnrolmentToken, secret: String) {
        let permit = try await self.require(.manageEnrolment, by: caller, on: .installation)
        try Limits.check(text: name, field: "name")
        try Limits.check(text: group, field: "group", characters: 1...64)
        if let maximumUses, !(1...10_000_000).contains(maximumUses) {
            throw .invalid(field: "maximumUses", problem: "must be 1 to 10000000")
        }
        let now = self.clock()
        try Self.check(expiry: expiresAt, now: now)
        var generator = SystemRandomNumberGenerator()
        let secret = TokenSecret.generate(.enrolment, id: id, using: &generator)
        let token = EnrolmentToken(
            id: secret.id,
            name: name,
            hash: secret.hash,
            group: group,
            maximumUses: maximumUses,
            uses: 0,
            createdAt: now,
            expiresAt: expiresAt,
            revokedAt: nil
        )
        try await self.operation { (transaction) throws(StoreError) -> Outcome<Void> in
            guard try transaction.enrolmentToken(token.id) == nil else {
                let problem = "This token was made already; its secret was shown then."
                return .refused(.conflict(code: "token-exists", problem: problem))
            }
            try transaction.insert(token)
            let event = permit.event(.enrolmentTokenCreated, token: token.id)
            return .done((), [event])
        }
        return (token, secret.reveal())
    }

    /// Every enrolment token, without secrets.
    package func enrolmentTokens(by caller: Caller) async throws(EscrowError) -> [EnrolmentToken] {
        try await self.require(.readAccess, by: caller, on: .installation)
        return try await self.snapshot { (reader) throws(StoreError) in try reader.enrolmentTokens() }
    }

    /// Ends an enrolment token. Devices that enrolled with it stay enrolled.
    package func revokeEnrolmentToken(_ id: GUID, by caller: Caller) async throws(EscrowError) -> EnrolmentToken {
        let permit = try await self.require(.manageEnrolment, by: caller, on: .installation)
        let now = self.clock()
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<EnrolmentToken> in
            guard var token = try transaction.enrolmentToken(id) else { return .refused(.notFound) }
            guard token.revokedAt == nil else { return .done(token, []) }
            token.revokedAt = now
            try transaction.update(token)
            return .done(token, [permit.event(.enrolmentTokenRevoked, token: id)])
        }
    }
}
