import BitLocker
import EscrowModel
import EscrowPolicy
import EscrowService
import EscrowStore
import Testing

@Suite("Device groups")
struct GroupTests {
    static let policy = """
        groups:
          - {name: executives, when: {name: ["EXEC-*"]}}
          - {name: kim's, when: {owner: ["kim@*"], enrolledInto: [berlin]}}
        """

    @Test("a device goes where the first rule puts it: when it enrols, when it changes, and when somebody assigns it")
    func moves() async throws {
        let escrow = try await Escrow(.sqlite) { $0.isProofRequired = false }
        try await escrow.service.adopt(try PolicyDocument(Self.policy))
        let device = try await TestDevice(in: escrow, volumes: [try TestVolume()])
        #expect(try await device.seen().device.group == "kim's")
        try await device.settle()
        device.facts.name = "EXEC-1"
        try await device.checkIn()
        #expect(try await device.seen().device.group == "executives")
        #expect(try await device.seen().volumes.count == 1, "its volumes went with it")
        let console = escrow.console
        #expect(try await escrow.service.move(device.id, to: "vault", by: console).group == "vault")
        device.facts.name = "LAPTOP-1"
        try await device.checkIn()
        #expect(try await device.seen().device.group == "vault", "what somebody assigned stays")
        #expect(try await escrow.service.move(device.id, to: nil, by: console).group == "kim's")
        device.facts.owner = nil
        try await device.checkIn()
        #expect(try await device.seen().device.group == "berlin", "its enrolment token's")
        let moves = try await escrow.records().filter { $0["kind"] as? String == "device.moved" }
        #expect(
            moves.compactMap { $0["detail"] as? String } == [
                "berlin to kim's", "kim's to executives", "executives to vault, assigned", "vault to kim's",
                "kim's to berlin",
            ]
        )
        let keys = try await escrow.service.keys(
            KeyFilter(scope: .everything),
            PageRequest(),
            by: escrow.caller(.reader, scope: .groups(["berlin"]))
        )
        #expect(keys.items.count == 1)
    }

    @Test("only administrators move devices, within their groups")
    func scope() async throws {
        let escrow = try await Escrow(.sqlite)
        let device = try await TestDevice(in: escrow, volumes: [])
        let service = escrow.service
        for role in [Role.reader, .helpdesk, .auditor] {
            await #expect(throws: EscrowError.denied) {
                try await service.move(device.id, to: "x", by: escrow.caller(role))
            }
        }
        let berlin = escrow.caller(.administrator, scope: .groups(["berlin", "paris"]))
        await #expect(throws: EscrowError.denied) { try await service.move(device.id, to: "executives", by: berlin) }
        #expect(try await service.move(device.id, to: "paris", by: berlin).group == "paris")
        await #expect(throws: EscrowError.notFound) {
            try await service.move(device.id, to: "x", by: escrow.caller(.administrator, scope: .groups(["berlin"])))
        }
        await #expect(throws: EscrowError.self) { try await service.move(device.id, to: "", by: berlin) }
    }

    @Test("changed groups reach every device, in batches, and a kill in the middle loses none")
    func sweep() async throws {
        let escrow = try await Escrow(.sqlite)
        var devices: [TestDevice] = []
        for number in 0..<25 {
            let name = number % 2 == 0 ? "EXEC-\(number)" : "LAPTOP-\(number)"
            devices.append(try await TestDevice(in: escrow, volumes: [], name: name, group: "paris"))
        }
        try await escrow.service.adopt(try PolicyDocument(Self.policy))
        // A kill after three batches: what they did is in the database with them, and the next start goes on behind them.
        let ids = devices.map(\.id)
        _ = try await escrow.store.write { (transaction) throws(StoreError) in
            guard var state = try transaction.policyState(), let last = try transaction.device(ids[11]) else {
                throw .corrupt("the test's database")
            }
            state.swept = last.row
            try transaction.setPolicyState(state)
            return .routine(())
        }
        #expect(try await escrow.service.sweepGroups(batch: 4) == 7)
        #expect(try await escrow.service.sweepGroups(batch: 4) == 0)
        // The same from the beginning, which finds the other six and nothing twice.
        try await escrow.service.adopt(.none)
        try await escrow.service.adopt(try PolicyDocument(Self.policy))
        #expect(try await escrow.service.sweepGroups(batch: 4) == 6)
        for device in devices {
            let group = device.facts.name.hasPrefix("EXEC") ? "executives" : "paris"
            #expect(try await device.seen().device.group == group)
        }
        // Rules that change nothing about groups move nobody, and none at all moves everybody back.
        try await escrow.service.adopt(try PolicyDocument(Self.policy + "\nrules:\n  - {name: a, selfService: false}"))
        #expect(try await escrow.service.sweepGroups() == 0)
        try await escrow.service.adopt(.none)
        #expect(try await escrow.service.sweepGroups() == 13)
        #expect(try await escrow.count(.deviceMoved) == 26)
    }
}
