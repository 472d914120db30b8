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
