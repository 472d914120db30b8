import BitLocker
import EscrowModel
import EscrowPolicy
import EscrowService
import EscrowStore
import Testing

/// What a form can say before somebody asks for a key.
@Suite("What a disclosure will ask for")
struct DisclosureTermsTests {
    /// A rule that nobody notices.
    static let lenient = "rules: [{name: lenient, limits: {perCaller: {hour: 1000}}}]"

    func terms(_ policy: String, by caller: Caller? = nil) async throws -> DisclosureTerms {
        let (escrow, device) = try await PolicyTests.prepared(policy)
        return try await Self.terms(escrow, device, by: caller ?? escrow.caller(.helpdesk))
    }

    static func terms(_ escrow: Escrow, _ device: TestDevice, by caller: Caller) async throws -> DisclosureTerms {
        let found = try await escrow.service.deviceKeys(device.id, by: caller)
        let key = try #require(found.volumes.first?.keys.first)
        return try await escrow.service.disclosureTerms(of: key, on: found.device, by: caller)
    }

    @Test("without rules every reason is accepted and nothing else is asked for")
    func noRules() async throws {
        let terms = try await self.terms(Self.lenient)
        #expect(terms.reasons == DisclosureReason.Code.allCases)
        #expect(!terms.isTicketNeeded && terms.ticketPattern == nil && terms.approvers.isEmpty)
        #expect(!terms.mustSignInAgain && !terms.isForbidden && terms.limitedUntil == nil)
        #expect(terms.replacedAfter == .hours(1))
    }

    @Test("what rules ask for is told, and their strictest together")
    func rules() async throws {
        let terms = try await self.terms(
            """
            rules:
              - {name: a, reasons: [firmwareUpdate, test, other], ticket: {pattern: "^INC[0-9]+$"}}
              - {name: b, reasons: [test, other], approval: {by: [administrator, auditor]}, rotateAfterDisclosure: 5m}
              - {name: c, scope: {roles: [administrator]}, hours: {from: "00:00", to: "00:01", timeZone: UTC}}
            """
        )
        #expect(terms.reasons == [.test, .other])
        #expect(terms.isTicketNeeded && terms.ticketPattern == "^INC[0-9]+$")
        #expect(terms.approvers == [.administrator, .auditor])
        #expect(terms.replacedAfter == .minutes(5) && !terms.isForbidden)
    }

    @Test(
        "that a rule forbids it now, from here or altogether is told",
        arguments: [
            #"{name: a, networks: [198.51.100.0/24]}"#,
            #"{name: a, hours: {from: "00:00", to: "00:01", timeZone: UTC}}"#,
            #"{name: a, reasons: [test]}, {name: b, reasons: [other]}"#,
        ]
    )
    func forbidden(rules: String) async throws {
        #expect(try await self.terms("rules: [\(rules)]").isForbidden)
    }

    @Test("a limit that is reached is told with when it ends")
    func limit() async throws {
        let (escrow, device) = try await PolicyTests.prepared("rules: [{name: few, limits: {perCaller: {hour: 1}}}]")
        let caller = escrow.caller(.helpdesk)
        #expect(try await Self.terms(escrow, device, by: caller).limitedUntil == nil)
        _ = try await PolicyTests.reveal(device, try PolicyTests.reason(), by: caller)
        #expect(try await Self.terms(escrow, device, by: caller).limitedUntil == escrow.now + .hours(1))
        escrow.wait(.hours(1))
        #expect(try await Self.terms(escrow, device, by: caller).limitedUntil == nil)
    }

    @Test("a request for approval is shown while it is open, and for a day when it came to nothing")
    func approvals() async throws {
        let (escrow, device) = try await PolicyTests.prepared(ApprovalTests.policy)
        let (kim, boss) = (ApprovalTests.person(1, .helpdesk), ApprovalTests.person(2, .administrator))
        func ask() async throws -> Approval {
            try await escrow.service.requestApproval(
                device.id,
                key: nil,
                volume: nil,
                reason: try PolicyTests.reason(),
                by: kim
            )
        }
        let first = try await ask()
        #expect(try await Self.terms(escrow, device, by: kim).approvals == [first])
        #expect(try await Self.terms(escrow, device, by: boss).approvals == [])
        let denied = try await escrow.service.decide(first.id, approve: false, by: boss)
        var terms = try await Self.terms(escrow, device, by: kim)
        #expect(terms.approvals == [] && terms.ended == denied)
        let second = try await ask()
        #expect(try await Self.terms(escrow, device, by: kim).ended == nil)
        escrow.wait(.minutes(31))
        terms = try await Self.terms(escrow, device, by: kim)
        #expect(terms.approvals == [] && terms.ended?.id == second.id && terms.ended?.state == .expired)
        escrow.wait(.days(1))
        #expect(try await Self.terms(escrow, device, by: kim).ended == nil)
    }

    @Test("whoever may not disclose is told nothing", arguments: [Role.reader, .auditor])
    func denied(role: Role) async throws {
        await #expect(throws: EscrowError.denied) { try await self.terms(Self.lenient, by: Self.person(role)) }
    }

    static func person(_ role: Role) -> Caller { ApprovalTests.person(3, role) }

    @Test("of a form that is sent twice at once, one is answered; with the new time it works again")
    func sentTwice() async throws {
        let (escrow, device) = try await PolicyTests.prepared(Self.lenient)
        let (service, id, caller) = (escrow.service, device.id, escrow.caller(.helpdesk))
        let reason = try PolicyTests.reason()
        let made = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (try? await service.reveal(id, key: nil, volume: nil, reason: reason, after: .never, by: caller).key)
                        != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(made == 1)
        #expect(try await escrow.count(.keyDisclosed) == 1)
        let key = try #require(try await service.deviceKeys(id, by: caller).volumes.first?.keys.first)
        let last = LastDisclosure(of: key)
        #expect(last == .at(escrow.now))
        escrow.wait(.minutes(1))
        _ = try await service.reveal(id, key: nil, volume: nil, reason: reason, after: last, by: caller).key
        #expect(try await escrow.count(.keyDisclosed) == 2)
    }
}
