package import BitLocker
import EscrowCrypto
package import EscrowModel
import EscrowPolicy
import EscrowStore

/// What break-glass shares bought: access to everything for a while, by a token.
package struct BreakGlassAccess: Sendable {
    /// The setup, as it is now.
    package let setup: BreakGlassSetup
    /// The token, shown this once.
    package let token: String
    /// When it ends by itself.
    package let endsAt: Timestamp
}

extension EscrowService {
    /// Sets up emergency access. Secret and shares were made by whoever asks and are never seen here; one that was set up
    /// before and not opened is revoked.
    ///
    /// - Parameters:
    ///   - id: the setup's ID, whose first bytes are in the shares.
    ///   - salt: 32 random bytes.
    ///   - verifier: the hash of salt and secret.
    package func setUpBreakGlass(
        _ id: GUID,
        shares: Int,
        threshold: Int,
        role: Role,
        window: TimeSpan,
        salt: [UInt8],
        verifier: [UInt8],
        by caller: Caller
    ) async throws(EscrowError) -> BreakGlassSetup {
        let counts = BreakGlassSetup.shareCounts
        guard counts.contains(shares) else {
            throw .invalid(field: "shares", problem: "must be \(counts.lowerBound) to \(counts.upperBound)")
        }
        guard (2...shares).contains(threshold) else {
            throw .invalid(field: "threshold", problem: "must be 2 to the number of shares")
        }
        guard BreakGlassSetup.roles.contains(role) else {
            let words = BreakGlassSetup.roles.map(\.rawValue).joined(separator: " or ")
            throw .invalid(field: "role", problem: "must be \(words)")
        }
        let windows = BreakGlassSetup.windows
        guard windows.contains(window) else {
            throw .invalid(field: "window", problem: "must be \(windows.lowerBound) to \(windows.upperBound)")
        }
        for (field, bytes) in [("salt", salt), ("verifier", verifier)] where bytes.count != 32 {
            throw .invalid(field: field, problem: "must be 32 bytes in base 64")
        }
        let permit = try await self.require(.manageBreakGlass, by: caller, on: .installation)
        let setup = BreakGlassSetup(
            id: id,
            shares: shares,
            threshold: threshold,
            role: role,
            window: window,
            salt: salt,
            verifier: verifier,
            createdAt: permit.now,
            createdBy: caller.principal
        )
        return try await self.operation { (transaction) throws(StoreError) -> Outcome<BreakGlassSetup> in
            guard try transaction.breakGlass(id) == nil else {
                return .refused(.conflict(code: "setupExists", problem: "There is a setup of this ID; make a new one."))
            }
            var events: [AuditEvent] = []
            if var earlier = try transaction.sealedBreakGlass(), earlier.revoke(at: permit.now) {
                try transaction.update(earlier)
                events.append(permit.event(.breakGlassRevoked, detail: "\(earlier.id) replaced"))
            }
            try transaction.insert(setup)
            events.append(permit.event(.breakGlassSetUp, detail: "\(id) \(threshold) of \(shares), \(role.rawValue)"))
            return .done(setup, events)
        }
    }

    /// The latest setups, the newest first, and no verifier's secret.
    package func breakGlassSetups(by caller: Caller) async throws(EscrowError) -> [BreakGlassSetup] {
        try await self.require(.readAudit, by: caller, on: .installation)
        return try await self.snapshot { (reader) throws(StoreError) in try reader.breakGlassSetups(limit: 50) }
    }

    /// Revokes a setup. Where it was opened, what it opened ends at once.
    package func revokeBreakGlass(_ id: GUID, by caller: Caller) async throws(EscrowError) -> BreakGlassSetup {
        let permit = try await self.require(.manageBreakGlass, by: caller, on: .installation)
        let revoked = try await self.operation { (transaction) throws(StoreError) -> Outcome<BreakGlassSetup> in
            guard var setup = try transaction.breakGlass(id) else { return .refused(.notFound) }
            guard setup.revoke(at: permit.now) else { return .done(setup, []) }
            try transaction.update(setup)
            if let id = setup.token, var token = try transaction.apiToken(id), token.revokedAt == nil {
                token.revokedAt = permit.now
                try transaction.update(token)
            }
            return .done(setup, [permit.event(.breakGlassRevoked, token: setup.token, detail: id.description)])
        }
        if let token = revoked.token { self.tokens.forget(token) }
        return revoked
    }

    /// Opens the emergency access with shares, once. Wrong ones are recorded, and answered after a second.
    ///
    /// - Parameters:
    ///   - shares: as typed, as many as the threshold.
    ///   - reason: why, and the ticket.
    ///   - operatorName: who is at the console; nil over the network, where nobody can say who they are.
    package func openBreakGlass(
        shares texts: [String],
        reason: DisclosureReason,
        operatorName: String?,
        source: Source
    ) async throws(EscrowError) -> BreakGlassAccess {
        let secret = try Self.secret(of: texts)
        let sealed = try await self.snapshot { (reader) throws(StoreError) -> BreakGlassSetup? in
            if let sealed = try reader.sealedBreakGlass() { return sealed }
            return try reader.breakGlassSetups(limit: 1).first
        }
        guard let sealed, sealed.state == .sealed, secret.matches(verifier: sealed.verifier, salt: sealed.salt) else {
            throw try await self.refuseShares(of: sealed, source: source)
        }
        let caller = Self.caller(of: sealed, source: source)
        let permit = try await self.require(.openBreakGlass, by: caller, on: .installation)
        var generator = SystemRandomNumberGenerator()
        let tokenSecret = TokenSecret.generate(.api, using: &generator)
        let token = APIToken(
            id: tokenSecret.id,
            name: "break-glass",
            hash: tokenSecret.hash,
            role: sealed.role,
            scope: .everything,
            createdAt: permit.now,
            expiresAt: permit.now + sealed.window,
            revokedAt: nil,
            breakGlass: sealed.id
        )
        let opened = try await self.operation { (transaction) throws(StoreError) -> Outcome<BreakGlassSetup> in
            // Somebody else may have been quicker with the same shares.
            guard var setup = try transaction.breakGlass(sealed.id), setup.open(token: token.id, at: permit.now) else {
                return .refused(.sharesRefused)
            }
            try transaction.update(setup)
            try transaction.insert(token)
            let who = operatorName.map { "operator:\($0)" } ?? "network"
            let detail = "\(setup.role.rawValue) for \(setup.window) by \(who)"
            return .done(
                setup,
                [permit.event(.breakGlassOpened, token: token.id, reason: reason, detail: detail)]
            )
        }
        return BreakGlassAccess(setup: opened, token: tokenSecret.reveal(), endsAt: permit.now + sealed.window)
    }

    private static func secret(of texts: [String]) throws(EscrowError) -> BreakGlassSecret {
        guard texts.count <= BreakGlassSetup.shareCounts.upperBound else {
            throw .invalid(field: "shares", problem: "are more than any setup has")
        }
        var shares: [BreakGlassShare] = []
        for (index, text) in texts.enumerated() {
            do throws(BreakGlassShare.Problem) {
                shares.append(try BreakGlassShare(text))
            } catch {
                throw .invalid(field: "shares[\(index)]", problem: "\(error)")
            }
        }
        do throws(BreakGlassSecret.Problem) {
            return try BreakGlassSecret(shares)
        } catch {
            throw .invalid(field: "shares", problem: "cannot be put together: it \(error)")
        }
    }

    /// Whoever holds the shares of a setup: nobody knows more of them.
    private static func caller(of setup: BreakGlassSetup, source: Source) -> Caller {
        Caller(identity: .breakGlass(setup: setup.id), role: setup.role, scope: .everything, source: source)
    }

    /// Records shares that open nothing, takes its time, and gives the refusal. Where nothing was ever set up there is
    /// nothing to guard, and no record.
    private func refuseShares(
        of setup: BreakGlassSetup?,
        source: Source
    ) async throws(EscrowError) -> EscrowError {
        if let seconds = self.breakGlassTries.countWrong(at: self.clock()) {
            return .tooManyTries(retryAfterSeconds: seconds)
        }
        if let setup {
            try await self.operation { (_) throws(StoreError) -> Outcome<Void> in
                let event = AuditEvent(
                    .breakGlassRefused,
                    .denied,
                    by: Self.caller(of: setup, source: source),
                    action: .openBreakGlass,
                    detail: setup.state == .sealed ? "wrongShares" : "notSealed"
                )
                return .done((), [event])
            }
        }
        try? await Task.sleep(for: .seconds(1))
        return .sharesRefused
    }
}
