import AuditLog
import BitLocker
import EscrowModel
import EscrowService
import EscrowStore
import Testing

@Suite("The audit trail")
struct AuditTrailTests {
    @Test("an export verifies, and has every record up to its own", arguments: Engine.available)
    func export(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        for number in 0..<700 {
            _ = try await escrow.service.createEnrolmentToken(
                name: "token \(number)",
                group: "g",
                maximumUses: nil,
                expiresAt: nil,
                by: escrow.console
            )
        }
        var verifier = LogVerifier(keys: [escrow.logKey])
        var lines = 0
        for try await chunk in try await escrow.service.auditExport(by: escrow.caller(.auditor)) {
            verifier.read(chunk)
            lines += chunk.count { $0 == UInt8(ascii: "\n") }
        }
        let verification = verifier.finish()
        #expect(verification.problems.isEmpty)
        #expect(verification.recordCount == 701)
        #expect(lines >= 703, "a header, the entries, and the head's checkpoint")
    }

    @Test(
        "an export of entries has each that the filter shows, once, the oldest first, however many there are",
        arguments: Engine.available
    )
    func entries(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        for number in 0..<1100 {
            _ = try await escrow.service.createEnrolmentToken(
                name: "token \(number)",
                group: "g",
                maximumUses: nil,
                expiresAt: nil,
                by: escrow.console
            )
        }
        func indices(_ change: (inout AuditFilter) -> Void) async throws -> [Int64] {
            var filter = AuditFilter()
            change(&filter)
            var indices: [Int64] = []
            let export = try await escrow.service.auditEntriesExport(filter, as: .csv, by: escrow.caller(.auditor))
            for try await entries in export { indices += entries.map(\.index) }
            return indices
        }
        #expect(try await indices { _ in } == Array(0...1100))
        #expect(try await indices { $0.kind = .enrolmentTokenCreated } == Array(0..<1100))
        #expect(try await indices { $0.kind = .auditExported } == [1100, 1101, 1102])
        #expect(try await indices { $0.principal = "operator:root" } == Array(0..<1100))
        #expect(try await indices { $0.before = escrow.now } == [])
        await #expect(throws: EscrowError.denied) {
            _ = try await escrow.service.auditEntriesExport(AuditFilter(), as: .csv, by: escrow.caller(.reader))
        }
    }

    @Test("a sink goes on where it ended, and its coming, changing and going are recorded", arguments: Engine.available)
    func sinks(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        func configure(_ target: String?) async throws -> [Int64] {
            try await escrow.service.configure(
                target.map { [ConfiguredAuditSink(name: "siem", target: $0, fromBeginning: false)] } ?? []
            )
        }
        func records() async throws -> [String] {
            try await escrow.records().compactMap { $0["kind"] as? String }.filter { $0.hasPrefix("auditSink") }
        }
        #expect(try await configure("a") == [0])
        try await escrow.service.keep(deliveredSize: 1, of: "siem")
        try await escrow.service.keep(deliveredSize: 0, of: "siem")
        #expect(try await configure("a") == [1])
        #expect(try await records() == ["auditSink.added"], "nothing has changed")
        #expect(try await configure("b") == [1])
        #expect(try await configure(nil) == [])
        #expect(try await configure("b") == [1])
        #expect(try await records() == ["added", "changed", "removed", "added"].map { "auditSink.\($0)" })
        let sink = try #require(try await escrow.service.auditSinks(by: escrow.caller(.auditor)).first)
        #expect(sink.lag == 3 && sink.problem == nil && sink.sink.target == "b")
        #expect(escrow.service.note(problem: "it is down", of: "siem"))
        #expect(!escrow.service.note(problem: "it is still down", of: "siem"), "that is no news")
        let down = try await escrow.service.auditSinks(by: escrow.caller(.auditor)).first?.problem
        #expect(down?.text == "it is still down")
        #expect(escrow.service.note(problem: nil, of: "siem"))
        await #expect(throws: EscrowError.denied) {
            _ = try await escrow.service.auditSinks(by: escrow.caller(.auditor, scope: .groups(["berlin"])))
        }
    }

    @Test(
        "the list is filtered by who, what, which device, from where, when and how it ended",
        arguments: Engine.available
    )
    func filters(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let device = try await TestDevice(in: escrow, volumes: [])
        let before = escrow.now
        escrow.wait(.hours(1))
        _ = try await escrow.service.setLegalHold(true, on: device.id, by: escrow.caller(.administrator, name: "eva"))
        await #expect(throws: EscrowError.denied) {
            _ = try await escrow.service.setLegalHold(false, on: device.id, by: escrow.caller(.reader, name: "max"))
        }
        func kinds(_ change: (inout AuditFilter) -> Void) async throws -> [String] {
            var filter = AuditFilter()
            change(&filter)
            let page = try await escrow.service.audit(filter, PageRequest(), by: escrow.caller(.auditor))
            return page.items.map { item in
                let record = try? CanonicalJSON(parsing: item.record ?? [])
                guard case .object(let object)? = record, case .string(let kind)? = object["kind"] else { return "?" }
                return kind
            }
        }
        #expect(try await kinds { _ in }.count == 4)
        #expect(try await kinds { $0.name = "eva" } == ["device.legalHold"])
        #expect(try await kinds { $0.name = "max" } == ["access.denied"])
        #expect(try await kinds { $0.outcome = .denied } == ["access.denied"])
        #expect(try await kinds { $0.kind = .deviceEnrolled } == ["device.enrolled"])
        #expect(try await kinds { $0.device = device.id } == ["access.denied", "device.legalHold", "device.enrolled"])
        #expect(try await kinds { $0.source = "192.0.2.9" } == ["device.enrolled"])
        #expect(try await kinds { $0.since = before + .minutes(1) } == ["access.denied", "device.legalHold"])
        #expect(try await kinds { $0.before = before + .minutes(1) } == ["device.enrolled", "enrolmentToken.created"])
        #expect(try await kinds { $0.principal = "operator:root" } == ["enrolmentToken.created"])
        #expect(try await kinds { $0.name = "nobody" }.isEmpty)
    }

    @Test("an auditor of some groups sees their devices' records and no others", arguments: Engine.available)
    func scoped(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        let berlin = try await TestDevice(in: escrow, volumes: [], name: "B", group: "berlin")
        _ = try await TestDevice(in: escrow, volumes: [], name: "P", group: "paris")
        let auditor = escrow.caller(.auditor, scope: .groups(["berlin"]))
        let page = try await escrow.service.audit(AuditFilter(), PageRequest(), by: auditor)
        #expect(page.items.count == 1)
        let text = String(decoding: page.items.first?.record ?? [], as: UTF8.self)
        #expect(text.contains(berlin.id.description))
        await #expect(throws: EscrowError.denied) { _ = try await escrow.service.auditExport(by: auditor) }
    }

    @Test("pages follow each other without a gap or a repeat", arguments: Engine.available)
    func pages(engine: Engine) async throws {
        let escrow = try await Escrow(engine)
        for number in 0..<23 { _ = try await TestDevice(in: escrow, volumes: [], name: "PC-\(number)") }
        var indices: [Int64] = []
        var next: Int64?
        repeat {
            let page = try await escrow.service.audit(
                AuditFilter(),
                PageRequest(after: next, limit: 7),
                by: escrow.caller(.auditor)
            )
            indices += page.items.map(\.index)
            next = page.next
        } while next != nil
        #expect(indices == Array((0..<46).reversed()))
    }
}
