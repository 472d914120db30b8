import BitLocker
import EscrowModel
import EscrowPolicy
import EscrowService
import EscrowStore
import Testing

@Suite("Approvals")
struct ApprovalTests {
    static let policy = "rules:\n  - {name: two, approval: {by: [administrator, auditor], expires: 30m}}"

    let escrow: Escrow
    let device: TestDevice
    let kim: Caller
    let boss: Caller

    init() async throws {
        (self.escrow, self.device) = try await PolicyTests.prepared(Self.policy)
        self.kim = Self.person(1, .helpdesk)
        self.boss = Self.person(2, .administrator)
    }

    static func person(_ number: UInt64, _ role: Role, scope: Scope = .everything) -> Caller {
        Caller(
            identity: .client(id: GUID(high: 5, low: number), name: "person \(number)"),
            role: role,
            scope: scope,
            source: Source(address: "192.0.2.7")
        )
    }

    func request(_ reason: DisclosureReason? = nil) async throws -> Approval {
        try await self.escrow.service.requestApproval(
            self.device.id,
            key: nil,
            volume: nil,
            reason: try reason ?? PolicyTests.reason(),
            by: self.kim
        )
    }

    func reveal(_ reason: DisclosureReason? = nil, by caller: Caller? = nil) async throws {
        _ = try await PolicyTests.reveal(self.device, try reason ?? PolicyTests.reason(), by: caller ?? self.kim)
    }

    func expectApprovalRequired(_ reason: DisclosureReason? = nil, by caller: Caller? = nil) async throws {
        let error = try await #require(throws: EscrowError.self) { try await self.reveal(reason, by: caller) }
        guard case .conflict("approvalRequired", _) = error else {
            Issue.record("\(error)")
            return
        }
    }

    func expectConflict(_ code: String, _ body: () async throws -> Void) async throws {
        let error = try await #require(throws: EscrowError.self) { try await body() }
        guard case .conflict(code, _) = error else {
            Issue.record("\(error) is not \(code)")
            return
        }
    }

    @Test("a disclosure waits for a second person, works once, and both are on the record")
    func whole() async throws {
        try await self.expectApprovalRequired()
        let approval = try await self.request()
        #expect(approval.state == .requested && approval.expiresAt == self.escrow.now + .minutes(30))
        #expect(try await self.request() == approval, "the same request again is the same request")
        try await self.expectApprovalRequired()
        let approved = try await self.escrow.service.decide(approval.id, approve: true, by: self.boss)
        #expect(approved.state == .approved)
        #expect(try await self.escrow.service.decide(approval.id, approve: true, by: self.boss) == approved)
        try await self.reveal()
        try await self.expectApprovalRequired()
        let records = try await self.escrow.records().filter { $0["approval"] != nil }
        #expect(
            records.compactMap { $0["kind"] as? String } == [
                "approval.requested", "approval.approved", "key.disclosed",
            ]
        )
        #expect(records.allSatisfy { $0["approval"] as? String == approval.id.description })
        let list = try await self.escrow.service.approvals(in: .used, PageRequest(), by: self.boss)
        #expect(list.items.map(\.id) == [approval.id])
    }

    @Test("it is good for the requester, key and reason that it was given for, and no other")
    func bound() async throws {
        let approval = try await self.request()
        _ = try await self.escrow.service.decide(approval.id, approve: true, by: self.boss)
        try await self.expectApprovalRequired(try PolicyTests.reason(.dataRecovery))
        try await self.expectApprovalRequired(try PolicyTests.reason(ticket: "INC1"))
        try await self.expectApprovalRequired(by: Self.person(3, .helpdesk))
        try await self.expectApprovalRequired(by: self.boss)
        let other = try await TestDevice(in: self.escrow, volumes: [try TestVolume()], name: "OTHER")
        try await other.settle()
        await #expect(throws: EscrowError.self) {
            try await PolicyTests.reveal(other, try PolicyTests.reason(), by: self.kim)
        }
        try await self.reveal()
    }

    @Test("used at once from many sides, it gives one disclosure")
    func once() async throws {
        let approval = try await self.request()
        _ = try await self.escrow.service.decide(approval.id, approve: true, by: self.boss)
        let (service, id, kim) = (self.escrow.service, self.device.id, self.kim)
        let reason = try PolicyTests.reason()
        let made = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    (try? await service.reveal(id, key: nil, volume: nil, reason: reason, by: kim).key) != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(made == 1)
    }

    @Test("nobody decides about their own request, without the role, or out of scope; each try is on the record")
    func deciders() async throws {
        let approval = try await self.request()
        let service = self.escrow.service
        try await self.expectConflict("ownApproval") {
            // The same person with another role, and another name.
            let self2 = Caller(
                identity: .client(id: GUID(high: 5, low: 1), name: "boss"),
                role: .administrator,
                scope: .everything,
                source: Source(address: "192.0.2.7")
            )
            _ = try await service.decide(approval.id, approve: true, by: self2)
        }
        await #expect(throws: EscrowError.denied) {
            try await service.decide(approval.id, approve: true, by: Self.person(4, .helpdesk))
        }
        await #expect(throws: EscrowError.denied) {
            try await service.decide(approval.id, approve: true, by: Self.person(4, .reader))
        }
        await #expect(throws: EscrowError.notFound) {
            try await service.decide(
                approval.id,
                approve: true,
                by: Self.person(4, .auditor, scope: .groups(["paris"]))
            )
        }
        await #expect(throws: EscrowError.denied) {
            try await service.cancelApproval(approval.id, by: Self.person(4, .helpdesk))
        }
        #expect(try await self.escrow.count(.accessDenied) == 5)
        #expect(try await service.decide(approval.id, approve: true, by: Self.person(4, .auditor)).state == .approved)
    }

    @Test("a request ends unanswered, an approval unused; what has ended cannot be used, and the sweep says so")
    func expiry() async throws {
        let service = self.escrow.service
        let late = try await self.request()
        self.escrow.wait(.minutes(30))
        try await self.expectConflict("approvalEnded") {
            _ = try await service.decide(late.id, approve: true, by: self.boss)
        }
        let unused = try await self.request()
        #expect(unused.id != late.id)
        _ = try await service.decide(unused.id, approve: true, by: self.boss)
        self.escrow.wait(.minutes(30))
        try await self.expectApprovalRequired()
        #expect(try await service.expireApprovals() == 2)
        #expect(try await service.expireApprovals() == 0)
        #expect(try await self.escrow.count(.approvalExpired) == 2)
        let states = try await service.approvals(in: nil, PageRequest(), by: self.boss).items.map(\.state)
        #expect(states == [.expired, .expired])
    }

    @Test("an approval can be taken back until it is used, a request cancelled, and a denial stays")
    func endings() async throws {
        let service = self.escrow.service
        let first = try await self.request()
        _ = try await service.decide(first.id, approve: true, by: self.boss)
        #expect(try await service.decide(first.id, approve: false, by: self.boss).state == .denied)
        try await self.expectApprovalRequired()
        try await self.expectConflict("approvalEnded") {
            _ = try await service.decide(first.id, approve: true, by: self.boss)
        }
        let second = try await self.request()
        #expect(try await service.cancelApproval(second.id, by: self.kim).state == .cancelled)
        #expect(try await service.cancelApproval(second.id, by: self.kim).state == .cancelled)
        try await self.expectConflict("approvalEnded") {
            _ = try await service.decide(second.id, approve: true, by: self.boss)
        }
    }

    @Test("what needs no approval, or what no approval helps against, cannot be asked for")
    func needless() async throws {
        let service = self.escrow.service
        try await service.adopt(
            try PolicyDocument("rules:\n  - {name: home, scope: {groups: [berlin]}, networks: [local]}")
        )
        await #expect(throws: EscrowError.denied) { try await self.request() }
        try await service.adopt(.none)
        try await self.expectConflict("approvalNotNeeded") { _ = try await self.request() }
    }

    @Test("somebody in an emergency does without the second person, and the record says so")
    func emergency() async throws {
        let caller = Caller(
            identity: .breakGlass(setup: GUID(high: 8, low: 8)),
            role: .helpdesk,
            scope: .everything,
            source: Source(address: "192.0.2.7")
        )
        try await self.reveal(by: caller)
        let disclosed = try await self.escrow.records().first { $0["kind"] as? String == "key.disclosed" }
        #expect(disclosed?["approval"] as? String == "waived")
        // The opener goes by this word alone.
        #expect(disclosed?["detail"] as? String == "recoveryPassword")
    }
}
