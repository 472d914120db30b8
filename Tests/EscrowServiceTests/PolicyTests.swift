import BitLocker
import EscrowModel
import EscrowPolicy
import EscrowService
import EscrowStore
import Testing

@Suite("Disclosure by the policy file")
struct PolicyTests {
    /// An escrow with one device that has one proven key, and a policy.
    static func prepared(_ policy: String, group: String = "berlin") async throws -> (Escrow, TestDevice) {
        let escrow = try await Escrow(.sqlite) { $0.isProofRequired = false }
        let device = try await TestDevice(in: escrow, volumes: [try TestVolume()], group: group)
        try await device.settle()
        try await escrow.service.adopt(try PolicyDocument(policy))
        return (escrow, device)
    }

    static func reason(_ code: DisclosureReason.Code = .test, ticket: String? = nil) throws -> DisclosureReason {
        try DisclosureReason(code: code, ticket: ticket, comment: nil)
    }

    static func reveal(
        _ device: TestDevice,
        _ reason: DisclosureReason,
        by caller: Caller
    ) async throws -> (rotation: Rotation?, digits: Int) {
        let disclosed = try await device.escrow.service.reveal(
            device.id,
            key: nil,
            volume: nil,
            reason: reason,
            by: caller
        )
        return (disclosed.rotation, disclosed.digits().count)
    }

    @Test("what the caller must supply is told by its field, anything else is not; the record has the rule")
    func refusals() async throws {
        let (escrow, device) = try await Self.prepared(
            """
            rules:
              - {name: paper, reasons: [firmwareUpdate, test], ticket: {pattern: "^INC[0-9]+$"}}
              - {name: house, scope: {roles: [administrator]}, networks: [198.51.100.0/24]}
            """
        )
        let caller = escrow.caller(.helpdesk)
        for (reason, field) in [
            (try Self.reason(.hardwareChange, ticket: "INC1"), "reason"), (try Self.reason(), "ticket"),
            (try Self.reason(ticket: "X1"), "ticket"),
        ] {
            let error = try await #require(throws: EscrowError.self) {
                try await Self.reveal(device, reason, by: caller)
            }
            guard case .invalid(field, _) = error else {
                Issue.record("\(error)")
                continue
            }
        }
        await #expect(throws: EscrowError.denied) {
            try await Self.reveal(device, try Self.reason(ticket: "INC1"), by: escrow.caller(.administrator))
        }
        #expect(try await escrow.count(.keyDisclosed) == 0)
        _ = try await Self.reveal(device, try Self.reason(ticket: "INC1"), by: caller)
        let records = try await escrow.records()
        let denied = records.filter { $0["kind"] as? String == "access.denied" }
        #expect(
            denied.map { $0["rule"] as? String } == [
                "disclosure:paper", "disclosure:paper", "disclosure:paper", "disclosure:house",
            ]
        )
        #expect(
            denied.map { $0["detail"] as? String }
                == ["reasonNotAllowed", "ticketMissing", "ticketMismatch", "otherNetwork"]
        )
        let digest = escrow.service.policyInForce.digest
        let disclosed = try #require(records.first { $0["kind"] as? String == "key.disclosed" })
        #expect(disclosed["policy"] as? String == digest)
        #expect(denied.allSatisfy { $0["policy"] as? String == digest })
    }

    @Test("32 disclosures at once against a limit of 5: exactly 5, and the next when the first leaves the window")
    func limits() async throws {
        let (escrow, device) = try await Self.prepared(
            "rules:\n  - {name: few, limits: {perCaller: {hour: 5}, perScope: {day: 7}, alarmAt: 80%}}"
        )
        let caller = escrow.caller(.helpdesk)
        let reason = try Self.reason()
        let service = escrow.service
        let id = device.id
        let results = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<32 {
                group.addTask {
                    do {
                        _ = try await service.reveal(id, key: nil, volume: nil, reason: reason, by: caller)
                        return 0
                    } catch EscrowError.limitReached(let seconds) {
                        return seconds
                    } catch {
                        return -1
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.filter { $0 == 0 }.count == 5)
        #expect(results.filter { $0 == 3600 }.count == 27)
        #expect(try await escrow.count(.keyDisclosed) == 5)
        let near = try await escrow.records().filter { $0["kind"] as? String == "disclosure.limitNear" }
        #expect(near.compactMap { $0["detail"] as? String } == ["caller hour 4 of 5"])
        // Another caller has limits of their own, but not within the whole scope.
        let other = Caller(
            identity: .client(id: GUID(high: 7, low: 7), name: "other"),
            role: .helpdesk,
            scope: .everything,
            source: Source(address: "192.0.2.8")
        )
        _ = try await Self.reveal(device, reason, by: other)
        _ = try await Self.reveal(device, reason, by: other)
        let error = try await #require(throws: EscrowError.self) { try await Self.reveal(device, reason, by: other) }
        #expect(error == .limitReached(retryAfterSeconds: 86_400))
        escrow.wait(.minutes(59))
        await #expect(throws: EscrowError.self) { try await Self.reveal(device, reason, by: caller) }
        escrow.wait(.days(1))
        _ = try await Self.reveal(device, reason, by: caller)
        // What no limit counts any more is forgotten.
        escrow.wait(.days(1))
        try await escrow.service.expireApprovals()
        let left = try await escrow.store.read { (reader) throws(StoreError) in
            try reader.disclosures(under: "few", by: nil, since: Timestamp(seconds: 0), limit: 100)
        }
        #expect(left == 0)
    }

    @Test("the alarm before a limit comes once per window, and again in the next")
    func alarms() async throws {
        let (escrow, device) = try await Self.prepared(
            "rules:\n  - {name: few, limits: {perCaller: {hour: 4}, alarmAt: 50%}}"
        )
        for _ in 0..<4 { _ = try await Self.reveal(device, try Self.reason(), by: escrow.caller(.helpdesk)) }
        #expect(try await escrow.count(.disclosureLimitNear) == 1)
        escrow.wait(.minutes(61))
        for _ in 0..<3 { _ = try await Self.reveal(device, try Self.reason(), by: escrow.caller(.helpdesk)) }
        #expect(try await escrow.count(.disclosureLimitNear) == 2)
    }

    @Test("a rule can have a disclosed key replaced sooner than the server's setting, and never later")
    func replacement() async throws {
        for (time, delay) in [("15m", TimeSpan.minutes(15)), ("5h", .hours(1)), ("never", .hours(1))] {
            let (escrow, device) = try await Self.prepared("rules:\n  - {name: soon, rotateAfterDisclosure: \(time)}")
            let rotation = try await Self.reveal(device, try Self.reason(), by: escrow.caller(.helpdesk)).rotation
            #expect(rotation?.notBefore == escrow.now + delay)
        }
    }

    @Test("where only a rule asks for replacement, a rotation that failed is asked for again at the next check-in")
    func replacementRetried() async throws {
        let escrow = try await Escrow(.sqlite) {
            $0.isProofRequired = false
            $0.rotationDelayAfterDisclosure = nil
        }
        let device = try await TestDevice(in: escrow, volumes: [try TestVolume()])
        try await device.settle()
        _ = try await Self.reveal(device, try Self.reason(), by: escrow.caller(.helpdesk))
        escrow.wait(.hours(2))
        #expect(try await device.checkIn().instructions.isEmpty, "the server's own setting is never")
        try await escrow.service.adopt(try PolicyDocument("rules:\n  - {name: soon, rotateAfterDisclosure: 0s}"))
        let rotation = try await Self.reveal(device, try Self.reason(), by: escrow.caller(.helpdesk)).rotation
        let first = try #require(rotation)
        #expect(try await device.checkIn().instructions.map(\.id) == [first.id])
        try await escrow.service.reportInstruction(first.id, outcome: .failed(code: "noSpace"), by: device.caller)
        escrow.wait(.hours(2))
        let again = try await device.checkIn().instructions
        #expect(again.count == 1 && again.first?.id != first.id)
    }

    @Test("a change of the policy is recorded once, with both digests, and comes back after a start")
    func changes() async throws {
        let (escrow, device) = try await Self.prepared("rules:\n  - {name: a, reasons: [legalRequest]}")
        let policy = escrow.service.policyInForce
        #expect(try await escrow.service.adopt(policy) == nil)
        let changes = try await escrow.records().filter { $0["kind"] as? String == "policy.changed" }
        #expect(changes.map { $0["detail"] as? String } == ["none to \(policy.digest)"])
        #expect(try await escrow.service.adopt(.none) == policy.digest)
        _ = try await Self.reveal(device, try Self.reason(), by: escrow.caller(.helpdesk))
        let disclosed = try await escrow.records().first { $0["kind"] as? String == "key.disclosed" }
        #expect(disclosed?["policy"] == nil)
        try await escrow.service.adopt(policy)
        try await escrow.service.resumePolicy()
        #expect(escrow.service.policyInForce == policy)
        try await escrow.service.recordRefusedPolicy()
        #expect(try await escrow.records().last?["outcome"] as? String == "failure")
    }

    @Test("an explanation says what would come of it, and uses nothing up")
    func explanation() async throws {
        let (escrow, device) = try await Self.prepared(
            "rules:\n  - {name: few, limits: {perCaller: {hour: 1}}}\n  - {name: far, scope: {groups: [paris]}, selfService: false}"
        )
        func explain(_ caller: String, from address: String? = nil, by asker: Caller) async throws
            -> ExplainedDisclosure
        {
            try await escrow.service.explain(
                SupposedDisclosure(
                    caller: caller,
                    device: device.id,
                    reason: try Self.reason(),
                    at: nil,
                    address: address
                ),
                by: asker
            )
        }
        let auditor = escrow.caller(.auditor)
        for _ in 0..<3 {
            let explained = try await explain("operator:root", by: auditor)
            #expect(explained.rules?.isAllowed == true)
            #expect(explained.rules?.findings.map(\.isInScope) == [true, false])
            #expect(explained.group == "berlin")
        }
        _ = try await Self.reveal(device, try Self.reason(), by: escrow.console)
        #expect(try await explain("operator:root", by: auditor).rules?.isAllowed == false)
        await #expect(throws: EscrowError.self) { try await explain("nobody", by: auditor) }
        await #expect(throws: EscrowError.self) { try await explain("operator:root", from: "home", by: auditor) }
        await #expect(throws: EscrowError.denied) { try await explain("operator:root", by: escrow.caller(.helpdesk)) }
        await #expect(throws: EscrowError.notFound) {
            try await explain("operator:root", by: escrow.caller(.auditor, scope: .groups(["paris"])))
        }
    }
}
