import BitLocker
import EscrowCrypto
import EscrowModel
import EscrowService
import EscrowStore
import Testing

@Suite("Break-glass")
struct BreakGlassTests {
    static let stranger = Source(address: "198.51.100.9")
    static var reason: DisclosureReason {
        get throws { try DisclosureReason(code: .other, ticket: nil, comment: "sign-in is down") }
    }

    /// Sets emergency access up as the command line does, and gives its ID and shares.
    static func setUp(
        _ escrow: Escrow,
        role: Role = .helpdesk,
        threshold: Int = 3
    ) async throws -> (id: GUID, shares: [String]) {
        var generator = SystemRandomNumberGenerator()
        let id = GUID.random(using: &generator)
        let secret = BreakGlassSecret.generate(using: &generator)
        let shares = try secret.split(setup: id, into: 5, threshold: threshold, using: &generator)
        let salt = [UInt8](repeating: 1, count: 32)
        let verifier = secret.verifier(salt: salt)
        _ = try await escrow.service.setUpBreakGlass(
            id,
            shares: 5,
            threshold: threshold,
            role: role,
            window: .minutes(60),
            salt: salt,
            verifier: verifier,
            by: escrow.console
        )
        return (id, shares.map { $0.reveal() })
    }

    static func open(_ escrow: Escrow, _ shares: [String]) async throws -> BreakGlassAccess {
        try await escrow.service.openBreakGlass(
            shares: shares,
            reason: try Self.reason,
            operatorName: nil,
            source: Self.stranger
        )
    }

    @Test("three shares open everything for an hour, once, and all of it is on the record", arguments: Engine.available)
    func opens(engine: Engine) async throws {
        let escrow = try await Escrow(engine) { $0.isProofRequired = false }
        let device = try await TestDevice(in: escrow, volumes: [try TestVolume()])
        try await device.settle()
        let (setup, shares) = try await Self.setUp(escrow)
        #expect(await escrow.service.notices().isEmpty)
        let access = try await Self.open(escrow, [shares[3], shares[0], shares[1]])
        #expect(await escrow.service.notices().count == 1)
        let caller = try await escrow.service.authenticate(bearer: access.token, source: Self.stranger)
        #expect(caller.isBreakGlass)
        #expect(caller.principal == "breakGlass:\(setup)")
        #expect(caller.role == .helpdesk)
        #expect(caller.scope == .everything)
        _ = try await escrow.service.reveal(device.id, key: nil, volume: nil, reason: try Self.reason, by: caller)
        let records = try await escrow.records()
        let opened = try #require(records.first { $0["kind"] as? String == "breakGlass.opened" })
        #expect((opened["reason"] as? [String: Any])?["comment"] as? String == "sign-in is down")
        #expect(opened["rule"] as? String == "break-glass-shares")
        let disclosed = try #require(records.first { $0["kind"] as? String == "key.disclosed" })
        #expect((disclosed["caller"] as? [String: Any])?["principal"] as? String == "breakGlass:\(setup)")

        await #expect(throws: EscrowError.sharesRefused) { _ = try await Self.open(escrow, Array(shares.prefix(3))) }
        #expect(try await escrow.count(.breakGlassRefused) == 1)
        escrow.wait(.minutes(60))
        await #expect(throws: EscrowError.notAuthenticated) {
            try await escrow.service.authenticate(bearer: access.token, source: Self.stranger)
        }
        #expect(await escrow.service.notices().isEmpty)
    }

    @Test("an administrator's emergency access makes no token and no setup", arguments: Engine.available)
    func limits(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let (setup, shares) = try await Self.setUp(escrow, role: .administrator)
        let access = try await Self.open(escrow, Array(shares.suffix(3)))
        let caller = try await escrow.service.authenticate(bearer: access.token, source: Self.stranger)
        await #expect(throws: EscrowError.denied) {
            _ = try await escrow.service.createAPIToken(
                name: "stay",
                role: .administrator,
                scope: .everything,
                expiresAt: nil,
                by: caller
            )
        }
        await #expect(throws: EscrowError.denied) {
            _ = try await escrow.service.revokeBreakGlass(setup, by: caller)
        }
        _ = try await escrow.service.breakGlassSetups(by: caller)
    }

    @Test("a new setup ends the earlier one, and a revoked one ends what it opened", arguments: Engine.available)
    func revoked(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let earlier = try await Self.setUp(escrow)
        let later = try await Self.setUp(escrow, threshold: 2)
        await #expect(throws: EscrowError.sharesRefused) {
            _ = try await Self.open(escrow, Array(earlier.shares.prefix(3)))
        }
        let access = try await Self.open(escrow, Array(later.shares.prefix(2)))
        _ = try await escrow.service.authenticate(bearer: access.token, source: Self.stranger)
        for _ in 0..<2 { _ = try await escrow.service.revokeBreakGlass(later.id, by: escrow.console) }
        await #expect(throws: EscrowError.notAuthenticated) {
            try await escrow.service.authenticate(bearer: access.token, source: Self.stranger)
        }
        #expect(try await escrow.count(.breakGlassRevoked) == 2)
        let states = try await escrow.service.breakGlassSetups(by: escrow.caller(.auditor)).map(\.state)
        #expect(states == [.revoked, .revoked])
        await #expect(throws: EscrowError.notFound) {
            _ = try await escrow.service.revokeBreakGlass(GUID(high: 1, low: 1), by: escrow.console)
        }
    }

    @Test("two who open it at once get one token", arguments: Engine.available)
    func race(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let shares = try await Self.setUp(escrow).shares
        let opened = await withTaskGroup(of: Bool.self) { group in
            for start in 0..<3 {
                let chosen = Array(shares[start..<start + 3])
                group.addTask { (try? await Self.open(escrow, chosen)) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(opened == 1)
        #expect(try await escrow.count(.breakGlassOpened) == 1)
    }

    @Test(
        "wrong shares are recorded ten times a minute, and never keep the right ones out",
        arguments: Engine.available
    )
    func wrong(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let shares = try await Self.setUp(escrow).shares
        let elsewhere = try await Escrow(engine)
        let others = try await Self.setUp(elsewhere).shares
        let refusals = await withTaskGroup(of: EscrowError?.self) { group in
            for _ in 0..<14 {
                group.addTask {
                    do {
                        _ = try await Self.open(escrow, Array(others.prefix(3)))
                        return nil
                    } catch { return error as? EscrowError }
                }
            }
            return await group.reduce(into: [EscrowError?]()) { $0.append($1) }
        }
        #expect(refusals.filter { $0 == .sharesRefused }.count == 10)
        #expect(refusals.filter { if case .tooManyTries = $0 { true } else { false } }.count == 4)
        #expect(try await escrow.count(.breakGlassRefused) == 10)
        _ = try await Self.open(escrow, Array(shares.prefix(3)))
        let none = try await Escrow(engine)
        await #expect(throws: EscrowError.sharesRefused) { _ = try await Self.open(none, Array(others.prefix(3))) }
        #expect(try await none.count(.breakGlassRefused) == 0, "where nothing was set up there is nothing to guard")
    }

    @Test("a mistyped share is named by its place, and is no try", arguments: Engine.available)
    func mistyped(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        var shares = Array(try await Self.setUp(escrow).shares.prefix(3))
        shares[1].removeLast()
        await #expect {
            _ = try await Self.open(escrow, shares)
        } throws: { error in
            guard case .invalid("shares[1]", let problem)? = error as? EscrowError else { return false }
            return problem.contains("63 letters")
        }
        await #expect {
            _ = try await Self.open(escrow, [shares[0], shares[2]])
        } throws: { error in
            guard case .invalid("shares", _)? = error as? EscrowError else { return false }
            return true
        }
        #expect(try await escrow.count(.breakGlassRefused) == 0)
    }
}
