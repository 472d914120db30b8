import BitLocker
import EscrowCrypto
import EscrowModel
import EscrowPolicy
import EscrowService
import SignIn
import Testing

@Suite("Owners and their devices")
struct OwnDeviceTests {
    /// An escrow under a policy with Kim's device and Max's.
    private func prepared(_ policy: String? = nil) async throws -> (
        escrow: Escrow, kims: TestDevice, others: TestDevice
    ) {
        let (escrow, kims) = try await PolicyTests.prepared(
            policy ?? "rules:\n  - {name: elsewhere, scope: {groups: [nowhere]}, selfService: false}"
        )
        let others = try await TestDevice(in: escrow, volumes: [try TestVolume()], name: "OTHER")
        others.facts.owner = "max@example.com"
        try await others.settle()
        return (escrow, kims, others)
    }

    private func kim(_ escrow: Escrow, signedIn ago: TimeSpan = .minutes(0)) -> Caller {
        DisclosureTests.owner(
            "Kim@example.com",
            authentication: Authentication(time: escrow.now - ago, methods: ["pwd", "otp"])
        )
    }

    @Test("an owner sees and rotates their own devices, and finds their keys by eight digits; nobody else's")
    func own() async throws {
        let (escrow, kims, others) = try await self.prepared()
        let kim = self.kim(escrow)
        let found = try await escrow.service.ownDevices(by: kim)
        #expect(found.map(\.device.id) == [kims.id])
        let key = try #require(found.first?.volumes.first?.keys.current)
        let listed = try await escrow.service.ownKeys(.prefix(key.protectorID.keyIDPrefix), by: kim)
        #expect(listed.map(\.device.id) == [kims.id] && listed.first?.key?.protectorID == key.protectorID)
        let theirs = try #require(try await others.seen().volumes.first?.keys.current)
        #expect(try await escrow.service.ownKeys(.prefix(theirs.protectorID.keyIDPrefix), by: kim).isEmpty)
        #expect(try await escrow.service.ownKeys(.full(theirs.protectorID), by: kim).isEmpty)
        #expect(try await escrow.count(.accessDenied) == 0, "looking at one's own is not refused")
        await #expect(throws: EscrowError.notFound) { try await escrow.service.deviceKeys(others.id, by: kim) }
        await #expect(throws: EscrowError.notFound) {
            try await PolicyTests.reveal(others, try PolicyTests.reason(), by: kim)
        }
        await #expect(throws: EscrowError.notFound) {
            try await escrow.service.requestRotation(
                others.id,
                volume: nil,
                trigger: .manual,
                idempotencyKey: nil,
                by: kim
            )
        }
        #expect(try await escrow.count(.accessDenied) == 3)
        let rotations = try await escrow.service.requestRotation(
            kims.id,
            volume: nil,
            trigger: .manual,
            idempotencyKey: nil,
            by: kim
        )
        #expect(rotations.count == 1)
    }

    @Test("a help-desk agent is an owner at their own device, under the rules of self-service, and the record says so")
    func agent() async throws {
        let policy = "rules:\n  - {name: own, scope: {roles: [owner]}, reasons: [forgottenPIN]}"
        let (escrow, kims, _) = try await self.prepared(policy)
        let agent = Caller(
            identity: .person(issuer: "local", subject: "9", name: "Kim"),
            role: .helpdesk,
            scope: .everything,
            source: Source(address: "192.0.2.7"),
            userName: "kim@example.com"
        )
        let owner = try #require(agent.asOwner)
        await #expect(throws: EscrowError.self) {
            try await PolicyTests.reveal(kims, try PolicyTests.reason(), by: owner)
        }
        _ = try await PolicyTests.reveal(kims, try PolicyTests.reason(.forgottenPIN), by: owner)
        let record = try #require(try await escrow.records().last { $0["kind"] as? String == "key.disclosed" })
        #expect(record["rule"] as? String == "own-device")
        let caller = try #require(record["caller"] as? [String: Any])
        #expect(caller["role"] as? String == "owner" && caller["principal"] as? String == "person:9@local")
    }

    @Test("where self-service is off an owner is told beforehand, and refused")
    func off() async throws {
        let (escrow, kims, _) = try await self.prepared("rules:\n  - {name: off, selfService: false}")
        let kim = self.kim(escrow)
        let device = try await escrow.service.deviceKeys(kims.id, by: kim)
        let key = try #require(device.volumes.first?.keys.current)
        let terms = try await escrow.service.disclosureTerms(of: key, on: device.device, by: kim)
        #expect(terms.isSelfServiceOff && terms.isForbidden)
        await #expect(throws: EscrowError.denied) {
            try await PolicyTests.reveal(kims, try PolicyTests.reason(), by: kim)
        }
    }

    @Test("a sign-in that is too old must be renewed; who never signs in is refused")
    func tooOld() async throws {
        let policy = "rules:\n  - {name: fresh, reauthentication: 5m, approval: {by: [administrator]}}"
        let (escrow, kims, _) = try await self.prepared(policy)
        let stale = self.kim(escrow, signedIn: .minutes(5))
        await #expect(throws: EscrowError.signInTooOld) {
            try await PolicyTests.reveal(kims, try PolicyTests.reason(), by: stale)
        }
        await #expect(throws: EscrowError.signInTooOld) {
            try await escrow.service.requestApproval(
                kims.id,
                key: nil,
                volume: nil,
                reason: try PolicyTests.reason(),
                by: stale
            )
        }
        await #expect(throws: EscrowError.denied) {
            try await PolicyTests.reveal(kims, try PolicyTests.reason(), by: escrow.caller(.helpdesk))
        }
        let fresh = self.kim(escrow, signedIn: .minutes(4))
        let approval = try await escrow.service.requestApproval(
            kims.id,
            key: nil,
            volume: nil,
            reason: try PolicyTests.reason(),
            by: fresh
        )
        _ = try await escrow.service.decide(approval.id, approve: true, by: ApprovalTests.person(2, .administrator))
        _ = try await PolicyTests.reveal(kims, try PolicyTests.reason(), by: fresh)
    }

    @Test("each sees the requests that they can decide, and their own, but never decides about their own")
    func inbox() async throws {
        let policy = "rules:\n  - {name: two, approval: {by: [administrator]}}"
        let (escrow, kims, _) = try await self.prepared(policy)
        let service = escrow.service
        let kim = self.kim(escrow)
        let approval = try await service.requestApproval(
            kims.id,
            key: nil,
            volume: nil,
            reason: try PolicyTests.reason(),
            by: kim
        )
        let boss = ApprovalTests.person(2, .administrator)
        let inbox = try await service.approvalsToDecide(PageRequest(), by: boss).items
        #expect(inbox.map(\.approval.id) == [approval.id] && inbox.first?.mayDecide == true)
        #expect(inbox.first?.deciders == [.administrator])
        #expect(
            try await service.approvalsToDecide(PageRequest(), by: ApprovalTests.person(3, .helpdesk)).items.isEmpty
        )
        let elsewhere = ApprovalTests.person(4, .administrator, scope: .groups(["paris"]))
        #expect(try await service.approvalsToDecide(PageRequest(), by: elsewhere).items.isEmpty)
        await #expect(throws: EscrowError.notFound) { try await service.approval(approval.id, by: elsewhere) }
        let max = DisclosureTests.owner("max@example.com")
        let other = Caller(
            identity: .person(issuer: "local", subject: "8", name: "Max"),
            role: .owner,
            scope: .groups([]),
            source: max.source,
            userName: "max@example.com"
        )
        await #expect(throws: EscrowError.self) { try await service.approval(approval.id, by: other) }
        // Kim is an administrator too, and asked as the owner.
        let kimAsBoss = Caller(
            identity: kim.identity,
            role: .administrator,
            scope: .everything,
            source: kim.source,
            userName: kim.userName
        )
        #expect(try await service.approvalsToDecide(PageRequest(), by: kimAsBoss).items.isEmpty)
        let own = try await service.ownApprovals(PageRequest(), by: kim).items
        #expect(own.map(\.approval.id) == [approval.id] && own.first?.isOwn == true && own.first?.mayDecide == false)
        escrow.wait(.minutes(30))
        #expect(try await service.approval(approval.id, by: boss).approval.state == .expired)
        #expect(try await service.approvalsToDecide(PageRequest(), by: boss).items.isEmpty)
    }
}
